"""Addresses: one canonical form, and nothing that only looks like somebody's (A26, P45)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.identity.emails import AddressInvalid, email_canonical


class TestCanonical:
    @pytest.mark.parametrize(
        ("address", "canonical"),
        [
            ("alice@example.com", "alice@example.com"),
            ("Alice@Example.COM", "alice@example.com"),
            ("a.l+tag@example.co.uk", "a.l+tag@example.co.uk"),
            ("a@b\u00fccher.example", "a@xn--bcher-kva.example"),
            ("a@B\u00dcCHER.example", "a@xn--bcher-kva.example"),
            ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
            ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
            ("a@\uff45xample.com", "a@example.com"),
            ("a@example\u3002com", "a@example.com"),
            ("a@\u212aim.example", "a@kim.example"),
            ("a@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444", "a@xn--e1afmkfd.xn--p1ai"),
            # A Cyrillic look-alike stays what it is, and shows it.
            ("a@\u0435xample.com", "a@xn--xample-2of.com"),
            ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
        ],
    )
    def test_is_one_for_all_spellings(self, address, canonical):
        assert email_canonical(address) == canonical

    @pytest.mark.parametrize(
        "address",
        [
            "", "@", "a", "a@", "@example.com", "a b@example.com", "a@b@example.com",
            "m\u0131ke@example.com", "\u212aim@example.com", "\u017fam@example.com",
            "al\u0456ce@example.com", "\uff41lice@example.com", "alice\u200b@example.com",
            "a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "a@localhost", "a@example",
            '"a b"@example.com', '"a"@example.com', "a@example.com.", "a@.example.com",
            "a@example..com", "a@-example.com", "a@exam_ple.com", "a@stra\u00dfe.example",
            "a@\u03b4\u03bf\u03ba\u03b9\u03bc\u03ae\u03c2.example", "a@exam\u200dple.com",
            "a@exam\u202eple.com", "a\n@example.com", "a@example.com\n", "a@exa\x00mple.com",
            "a@example.com>", "<a@example.com>", "a@example.com,b@example.com", "a..b@example.com",
            ".a@example.com", "x" * 65 + "@example.com", "a@" + "x" * 64 + ".com",
            "a@" + ".".join(["x" * 60] * 5) + ".com", "a@" + "\u00fc" * 70 + ".com",
            "\ud800@example.com", "a@\ud800.com",
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_address_of_ours(self, address):
        with pytest.raises(AddressInvalid):
            email_canonical(address)

    @given(st.text() | st.emails())
    def test_is_ascii_lower_case_and_its_own_canonical_form(self, address):
        try:
            canonical = email_canonical(address)
        except AddressInvalid:
            return

        assert canonical.isascii()
        assert canonical == canonical.lower() == email_canonical(canonical)
