"""Addresses: one canonical form, and nothing that only looks like somebody's (A26, P45)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.identity.emails import AddressInvalid, email_canonical

LOOK_LIKE_A = (
    "\u0430\u0251\u03b1\u1d00\uff41\u24d0\u00e0\u00e4\u0101\u0105\u01ce\u2090\u00aa"
    "\U0001d41a\U0001d44e\U0001d4ea\U0001d51e\U0001d552\U0001d5ba\U0001d68a\uff21\u13aa\u15c5"
)
UNSEEN = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u061c",
          "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u180e", "\u3164",
          "\u0300", "\ufe0f", "\U000e0061", "\t", "\x00", "\x7f", "\u00a0", "\u3000"]  # fmt: skip


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

    @pytest.mark.parametrize(
        "look_alike",
        [
            # Whatever some reader, font or case mapping could take for alice, in the local part.
            *(f"{letter}lice@example.com" for letter in LOOK_LIKE_A),
            *(f"{prefix}alice@example.com" for prefix in UNSEEN),
            *(f"al{inside}ice@example.com" for inside in UNSEEN),
            "al\u0131ce@example.com", "al\u0130ce@example.com", "ALI\u017fA@example.com",
            "a\u217cice@example.com", "ali\u0441e@example.com", "alic\u0435@example.com",
            "\u0430\u04cf\u0456\u0441\u0435@example.com", "\U0001d41al\u0131ce@example.com",
            "alice\uff20example.com", "alice@example.com\u202e", "\u202ealice@example.com",
        ],
    )  # fmt: skip
    def test_never_becomes_somebody_elses(self, look_alike):
        with pytest.raises(AddressInvalid):
            email_canonical(look_alike)

    @pytest.mark.parametrize(
        "domain",
        [
            "ex\u0430mple.com", "\u0435xample.com", "exampl\u0435.com", "\u0435\u0445ample.com",
            "examp\u04cfe.com", "example.\u0441om", "\u03b5xample.com", "exam\u0440le.com",
            "ex\u00e1mple.com", "example.co\u043c", "exampl\u0117.com", "e\u0445ample.com",
            "\u1d07xample.com", "examp\u0142e.com", "\u05d0example.com",
        ],
    )  # fmt: skip
    def test_of_a_look_alike_domain_is_another_one_or_none(self, domain):
        try:
            canonical = email_canonical(f"alice@{domain}")
        except AddressInvalid:
            return

        assert canonical != "alice@example.com"
        assert "xn--" in canonical

    @pytest.mark.parametrize(
        "domain",
        [
            "\uff25\uff38\uff21\uff2d\uff30\uff2c\uff25.\uff23\uff2f\uff2d", "e\u24e7ample.com",
            "\U0001d41example.com", "example\uff0ecom", "example\uff61com", "EXAMPLE.COM",
            "\u212fxample.com", "exam\u00adple.com",
        ],
    )  # fmt: skip
    def test_of_a_domain_that_resolves_to_it_is_it(self, domain):
        assert email_canonical(f"alice@{domain}") == "alice@example.com"

    @given(st.text() | st.emails())
    def test_is_ascii_lower_case_and_its_own_canonical_form(self, address):
        try:
            canonical = email_canonical(address)
        except AddressInvalid:
            return

        assert canonical.isascii()
        assert canonical == canonical.lower() == email_canonical(canonical)
