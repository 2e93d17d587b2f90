"""Strictness: whatever is not exactly the contract is 400 and names the field."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from common.money import AMOUNT_MAX
from common.outbox.models import OutboxMessage
from tests.users.conftest import TRANSACTIONS
from users.submissions.models import TransactionRequest

pytestmark = pytest.mark.django_db

NOBODY = "01980000-0000-7000-8000-000000000000"


@pytest.fixture
def post_raw(client_of, alice):
    def post(raw: bytes, content_type: str = "application/json") -> Any:
        return client_of(alice).post(
            TRANSACTIONS, raw, content_type=content_type, headers={"Idempotency-Key": "k"}
        )

    return post


def nothing_kept() -> bool:
    return not (TransactionRequest.objects.exists() or OutboxMessage.objects.exists())


class TestMember:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *[
                ("amount", value)
                for value in (
                    0, -1, -250, AMOUNT_MAX + 1, 2**63 - 1, -(2**63), "250", "1_000", "", " 1",
                    "\uff11\uff12", "1E+15", True, False, None, [], [250], {}, {"amount": 250},
                )
            ],
            *[
                ("currency", value)
                for value in (
                    "eur", "EU", "EURO", "EUR ", " EUR", "XXX", "BTC", "", "\uff25\uff35\uff32",
                    "EU\u0420", 978, None, True, ["EUR"], {"code": "EUR"},
                )
            ],
            *[
                ("kind", value)
                for value in (
                    "Transfer", "transfer ", "refund", "", None, 1, True, [], {}, "x" * 999,
                )
            ],
            *[
                ("counterparty", value)
                for value in (
                    "", "me", 1, 2**62, True, [], {}, f"{{{NOBODY}}}", f"urn:uuid:{NOBODY}",
                    NOBODY.replace("-", ""), f" {NOBODY}", "' OR 1=1 --", "../../etc/passwd",
                )
            ],
            *[("capture", value) for value in ("Manual", "Automatic", "", None, 1, True, [], {})],
            # Also a good one: nothing is held that is captured automatically.
            *[("hold_expires_in_s", value) for value in (60, "60", None, 0, True, [])],
            *[
                (name, value)
                for name, longest in (("reference", 100), ("description", 500))
                for value in (
                    "", "x" * (longest + 1), "a\nb", "a\tb", "a\x7fb", "a\x1bb", "a\u0085b",
                    "a\u202eb", "a\u2066b", "a\u200fb", 1, True, [], {}, ["x"],
                )
            ],
            *[
                ("metadata", value)
                for value in (
                    None, [], "x", 1, True, {"a": 1}, {"a": True}, {"a": None}, {"a": []},
                    {"a": {"b": "c"}}, {"a": "x" * 501}, {"x" * 501: "a"},
                    {"a": "b\u0007"}, {"b\u0007": "a"}, {"a": "\u202e"}, {"\u2069": "a"},
                    {str(n): "x" for n in range(21)},
                )
            ],
        ],
    )  # fmt: skip
    def test_that_breaks_its_rule_is_named(self, submit, alice, bob, field, value):
        members = {"kind": "transfer", "counterparty": str(bob.id), field: value}
        response = submit(alice, **members)

        assert response.status_code == 400, response.content
        assert response.json()["code"] == "invalid"
        assert {error["field"].partition(".")[0] for error in response.json()["errors"]} == {field}
        assert nothing_kept()

    @pytest.mark.parametrize(
        "value", [59, 2_592_001, 0, -60, 2**63 - 1, "60", "", None, True, [], {}]
    )
    def test_of_a_hold_is_60_seconds_to_30_days(self, submit, alice, value):
        response = submit(alice, capture="manual", hold_expires_in_s=value)

        assert response.status_code == 400, response.content
        assert [error["field"] for error in response.json()["errors"]] == ["hold_expires_in_s"]
        assert nothing_kept()

    @pytest.mark.parametrize("field", ["kind", "amount", "currency"])
    def test_that_is_missing_is_named(self, client_of, alice, field):
        body = {"kind": "withdrawal", "amount": 250, "currency": "EUR"}
        del body[field]
        response = client_of(alice).post(
            TRANSACTIONS, body, format="json", headers={"Idempotency-Key": "k"}
        )

        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == [field]

    @pytest.mark.parametrize(
        ("field", "members"),
        [
            ("counterparty", {"kind": "transfer"}),
            ("counterparty", {"kind": "transfer", "counterparty": None}),
            ("counterparty", {"kind": "withdrawal", "counterparty": NOBODY}),
            ("counterparty", {"kind": "deposit", "user": NOBODY, "counterparty": NOBODY}),
            ("user", {"kind": "deposit"}),
            ("user", {"kind": "withdrawal", "user": NOBODY}),
            ("user", {"kind": "transfer", "counterparty": NOBODY, "user": NOBODY}),
        ],
    )
    def test_belongs_to_its_kind(self, client_of, treasury, field, members):
        body = {"amount": 250, "currency": "EUR", **members}
        response = client_of(treasury).post(
            TRANSACTIONS, body, format="json", headers={"Idempotency-Key": "k"}
        )

        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == [field]

    @pytest.mark.parametrize(
        "name",
        [
            *(field.attname for field in TransactionRequest._meta.fields if field.attname not in {
                "kind", "amount", "currency", "capture", "hold_expires_in_s", "reference",
                "description", "metadata",
            }),
            "requested_by", "is_staff", "role", "sequence", "balance", "Amount", "amount ",
            "\ufeff", "constructor", "__proto__", "__class__", "x" * 5000,
        ],
    )  # fmt: skip
    def test_that_is_not_known_is_refused(self, submit, alice, name):
        response = submit(alice, **{name: "x"})

        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == name[:100]
        assert nothing_kept()

    @pytest.mark.parametrize(
        "members",
        [
            {"reference": "x" * 100, "description": "y" * 500},
            {"reference": None, "description": None},
            {"metadata": {str(n): "x" * 500 for n in range(20)}},
            {"description": "\u00e9\u4e2d\U0001f600"},
            {"amount": 1, "currency": "JPY"},
            {"capture": "automatic"},
        ],
    )
    def test_at_its_limit_is_taken(self, submit, alice, members):
        response = submit(alice, **members)

        assert response.status_code == 202
        assert members.items() <= response.json().items()


class TestBody:
    @pytest.mark.parametrize(
        "raw",
        [
            b"{", b"[", b'"', b"nul", b"{'kind': 'transfer'}", b'{"a": 1,}', b"\xff\xfe", b"\x00",
            b'\xef\xbb\xbf{"kind": "withdrawal"}', b'{"amount": NaN}', b'{"amount": Infinity}',
            b'{"amount": -Infinity}', b'{"amount": 1.0}', b'{"amount": 1e400}', b'{"amount": -0.0}',
            b'{"amount": 1e3}', b'{"amount": ' + b"9" * 5000 + b"}", b'{"amount": 1, "amount": 2}',
            b'{"metadata": {"a": "1", "a": "2"}}', b'{"description": "\\ud800"}',
            b'{"description": "\\u0000"}', b'{"\\u0000": 1}', b"[" * 30_000, b'{"a":' * 10_000,
            b'{"description": "\xc3\x28"}', b'{"description": "a\nb"}',
        ],
    )  # fmt: skip
    def test_that_is_not_strict_json_is_400(self, post_raw, raw):
        response = post_raw(raw)

        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"
        assert nothing_kept()

    @pytest.mark.parametrize("raw", [b"null", b"true", b"1", b'"x"', b"[]", b"[{}]", b"", b"{}"])
    def test_that_is_no_order_is_400(self, post_raw, raw):
        response = post_raw(raw)

        assert response.status_code == 400
        assert "dictionary" not in response.json()["detail"]

    def test_over_64_kib_is_413(self, post_raw):
        response = post_raw(b'{"description": "' + b"x" * 65536 + b'"}')

        assert response.status_code == 413
        assert response.json()["code"] == "payload_too_large"

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
    )
    def test_of_another_type_is_415(self, post_raw, content_type):
        assert post_raw(b"kind=withdrawal", content_type).status_code == 415

    @hypothesis_settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        value=st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        ),
        field=st.sampled_from(
            ["kind", "amount", "currency", "counterparty", "user", "reference", "metadata"]
        ),
    )
    def test_is_accepted_exactly_or_refused_but_never_a_failure(
        self, client_of, alice, value, field
    ):
        body = {"kind": "withdrawal", "amount": 250, "currency": "EUR", field: value}
        response = client_of(alice).post(
            TRANSACTIONS,
            json.dumps(body).encode(),
            content_type="application/json",
            headers={"Idempotency-Key": f"k{TransactionRequest.objects.count()}"},
        )

        if response.status_code == 202:
            # A null member is an absent one: then the wallet is the caller's own.
            assert response.json()[field] == (str(alice.id) if field == "user" else value)
        else:
            assert response.status_code in {400, 409, 413}
