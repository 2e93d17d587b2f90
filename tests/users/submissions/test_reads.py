"""GET /api/v1/transactions: who sees what, in pages that hold still."""

from datetime import UTC, datetime, timedelta

import pytest

from common.ids import uuid7
from tests.factories.users import NOON, TransactionRequestFactory, UserFactory
from tests.users.conftest import TRANSACTIONS

pytestmark = pytest.mark.django_db


def ids(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["data"]]


class TestOne:
    def test_shows_what_became_of_it(self, client_of):
        row = TransactionRequestFactory(rejected=True)

        body = client_of(row.user).get(f"{TRANSACTIONS}/{row.id}").json()

        assert body["id"] == str(row.id)
        assert body["status"] == "rejected"
        assert body["rejection_code"] == "insufficient_funds"
        assert body["settled_at"] == body["created_at"] == "2026-01-02T12:00:00Z"
        assert body["captured_amount"] == 0

    def test_is_seen_by_who_asked_for_it(self, client_of, treasury):
        row = TransactionRequestFactory(kind="deposit", requested_by=treasury)

        assert client_of(treasury).get(f"{TRANSACTIONS}/{row.id}").status_code == 200
        assert client_of(row.user).get(f"{TRANSACTIONS}/{row.id}").status_code == 200

    @pytest.mark.parametrize(
        ("status", "seen"),
        [
            ("pending", 404),
            ("rejected", 404),
            ("posted", 200),
            ("partially_reversed", 200),
            ("reversed", 200),
            ("authorised", 404),
            ("voided", 404),
            ("expired", 404),
        ],
    )
    def test_is_seen_by_the_receiver_once_it_is_posted(self, client_of, status, seen):
        code = "insufficient_funds" if status == "rejected" else None
        row = TransactionRequestFactory(transfer=True, status=status, rejection_code=code)

        client = client_of(row.counterparty)

        assert client.get(f"{TRANSACTIONS}/{row.id}").status_code == seen
        assert len(ids(client.get(TRANSACTIONS))) == (seen == 200)

    def test_of_somebody_else_is_exactly_like_none(self, client_of, bob):
        row = TransactionRequestFactory(transfer=True, posted=True)
        missing = uuid7()

        answers = []
        for transaction_id in (row.id, missing):
            response = client_of(bob).get(f"{TRANSACTIONS}/{transaction_id}")
            assert response.status_code == 404
            body = response.json()
            body.pop("request_id")
            body["instance"] = body["instance"].replace(str(transaction_id), "")
            answers.append(body)

        assert answers[0] == answers[1]

    @pytest.mark.parametrize("path", ["nope", "1", "%00", "..", "{}", "x" * 200])
    def test_of_no_possible_id_is_404(self, client_of, alice, path):
        response = client_of(alice).get(f"{TRANSACTIONS}/{path}")

        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
    def test_cannot_be_changed(self, client_of, method):
        row = TransactionRequestFactory()

        response = getattr(client_of(row.user), method)(f"{TRANSACTIONS}/{row.id}")

        assert response.status_code == 405

    def test_needs_a_token(self, anonymous):
        row = TransactionRequestFactory()

        assert anonymous.get(f"{TRANSACTIONS}/{row.id}").status_code == 401
        assert anonymous.get(TRANSACTIONS).status_code == 401


class TestList:
    def test_holds_only_what_the_caller_may_see(self, client_of, alice, bob, treasury):
        mine = TransactionRequestFactory(user=alice)
        asked = TransactionRequestFactory(user=bob, kind="deposit", requested_by=alice)
        received = TransactionRequestFactory(
            user=bob, kind="transfer", counterparty=alice, posted=True
        )
        TransactionRequestFactory(user=bob, kind="transfer", counterparty=alice)
        TransactionRequestFactory(user=bob)

        assert ids(client_of(alice).get(TRANSACTIONS)) == [
            str(row.id) for row in (received, asked, mine)
        ]
        assert ids(client_of(treasury).get(TRANSACTIONS)) == []

    def test_is_newest_first_in_pages_that_join_without_a_seam(self, client_of, alice):
        rows = TransactionRequestFactory.create_batch(23, user=alice)
        client = client_of(alice)

        seen: list[str] = []
        query: dict[str, str] = {"limit": "5"}
        while True:
            response = client.get(TRANSACTIONS, query)
            seen += ids(response)
            TransactionRequestFactory(user=alice)  # comes between two pages, and shifts nothing
            cursor = response.json()["next_cursor"]
            assert response.json()["has_more"] is (cursor is not None)
            if cursor is None:
                break
            query["cursor"] = cursor

        assert seen == [str(row.id) for row in reversed(rows)]

    def test_asks_the_database_once_however_long_it_is(
        self, client_of, alice, django_assert_num_queries
    ):
        TransactionRequestFactory.create_batch(12, user=alice)
        client = client_of(alice)

        with django_assert_num_queries(1):
            assert len(ids(client.get(TRANSACTIONS))) == 12

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"status": "posted"}, {"b"}),
            ({"status": "pending"}, {"a", "c"}),
            ({"kind": "transfer"}, {"c"}),
            ({"currency": "USD"}, {"b"}),
            ({"reference": "c"}, {"c"}),
            ({"reference": "d"}, set()),
            ({"idempotency_key": "key of b"}, {"b"}),
            ({"created_from": "2026-01-02T12:00:01Z"}, {"b", "c"}),
            ({"created_from": "2026-01-02T13:00:01+01:00"}, {"b", "c"}),
            ({"created_to": "2026-01-02T12:00:01Z"}, {"a"}),
            (
                {
                    "created_from": "2026-01-02T12:00:00.000001Z",
                    "created_to": "2026-01-02T12:00:02Z",
                },
                {"b"},
            ),
            ({"status": "pending", "kind": "withdrawal"}, {"a"}),
            ({"created_from": "0001-01-01T00:00:00+14:00"}, {"a", "b", "c"}),
            ({"created_to": "9999-12-31T23:59:59-14:00"}, {"a", "b", "c"}),
            ({"created_from": "0001-01-01T00:00:00+23:59"}, {"a", "b", "c"}),
            ({"created_to": "9999-12-31T23:59:59-23:59"}, {"a", "b", "c"}),
            ({"created_from": "2026-01-03T11:59:01+23:59"}, {"b", "c"}),
            ({"created_to": "2026-01-01T12:02:00-23:59"}, {"a", "b", "c"}),
        ],
    )
    def test_is_filtered(self, client_of, alice, bob, query, found):
        names = {}
        for second, (name, members) in enumerate(
            {
                "a": {},
                "b": {"posted": True, "currency": "USD"},
                "c": {"kind": "transfer", "counterparty": bob, "reference": "c"},
            }.items()
        ):
            row = TransactionRequestFactory(
                user=alice,
                idempotency_key=f"key of {name}",
                accepted_at=NOON + timedelta(seconds=second),
                **members,
            )
            names[str(row.id)] = name

        response = client_of(alice).get(TRANSACTIONS, query)

        assert {names[row] for row in ids(response)} == found

    def test_never_finds_by_the_key_of_somebody_else(self, client_of, alice, bob):
        TransactionRequestFactory(
            user=bob, kind="transfer", counterparty=alice, posted=True, idempotency_key="secret"
        )

        assert ids(client_of(alice).get(TRANSACTIONS, {"idempotency_key": "secret"})) == []
        assert len(ids(client_of(bob).get(TRANSACTIONS, {"idempotency_key": "secret"}))) == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("status", "done"),
            ("status", ""),
            ("kind", "refund"),
            ("currency", "eur"),
            ("currency", "XXX"),
            ("reference", "x" * 101),
            ("reference", "a\x00b"),
            ("reference", "a\u202eb"),
            ("idempotency_key", "x" * 256),
            ("created_from", "yesterday"),
            ("created_from", "2026-01-02"),
            ("created_from", "2026-01-02T12:00:00"),
            ("created_from", "2026-13-02T12:00:00Z"),
            ("created_to", "2026-01-02T25:00:00Z"),
            ("created_to", "1767355200"),
            ("created_to", "\u0662026-01-02T12:00:00Z"),
            ("limit", "0"),
            ("limit", "101"),
            ("limit", "-1"),
            ("limit", "ten"),
            ("limit", "\u0665"),
            ("limit", ""),
            ("limit", "9" * 500),
            ("cursor", "nope"),
            ("cursor", ""),
            ("cursor", "\u00e9"),
            ("cursor", "AAAA"),
            ("cursor", "' OR 1=1 --"),
            ("cursor", "a\x00"),
            ("order_by", "amount"),
            ("ordering", "-id"),
            ("user", "x"),
            ("user__email", "x"),
            ("status__in", "posted"),
        ],
    )
    def test_refuses_a_bad_value_by_its_name(self, client_of, alice, field, value):
        response = client_of(alice).get(TRANSACTIONS, {field: value})

        assert response.status_code == 400, response.content
        assert [error["field"] for error in response.json()["errors"]] == [field]

    def test_refuses_a_filter_that_is_given_twice(self, client_of, alice):
        response = client_of(alice).get(f"{TRANSACTIONS}?status=posted&status=pending")

        assert response.status_code == 400

    @pytest.mark.parametrize("limit", ["1", "100"])
    def test_takes_its_limits(self, client_of, alice, limit):
        assert client_of(alice).get(TRANSACTIONS, {"limit": limit}).status_code == 200

    def test_is_empty_for_a_user_that_is_not_there(self, client_of):
        assert ids(client_of(UserFactory.build()).get(TRANSACTIONS)) == []


def test_times_are_of_the_database_and_have_a_zone(submit, alice):
    before = datetime.now(UTC) - timedelta(minutes=1)

    created_at = datetime.fromisoformat(submit(alice).json()["created_at"])

    assert before < created_at < before + timedelta(minutes=2)
