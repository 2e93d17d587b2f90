"""POST /api/v1/transactions/batch: each item for itself, and all that are accepted together."""

import json
from collections import Counter
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.events.codec import event_decode
from common.ids import uuid7
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.users import UserFactory
from tests.users.conftest import TRANSACTIONS
from users.identity.models import User
from users.submissions.models import TransactionRequest
from users.submissions.serializers import BatchOutput, BatchResultOutput

pytestmark = pytest.mark.django_db

BATCH = f"{TRANSACTIONS}/batch"
MIB = 1024 * 1024


def item(key: str | None = None, /, **members):
    """A withdrawal of 250 EUR under a new key, where nothing else is said."""
    key = key or str(uuid7())
    return {
        "idempotency_key": key, "kind": "withdrawal", "amount": 250, "currency": "EUR", **members
    }  # fmt: skip


@pytest.fixture
def submit_batch(client_of):
    def post(user, items, **headers):
        return client_of(user).post(BATCH, {"items": items}, format="json", headers=headers)

    return post


@pytest.fixture
def results_of(submit_batch):
    def post(user, items):
        response = submit_batch(user, items)
        assert response.status_code == 200, response.content
        return response.json()["results"]

    return post


def codes(results) -> list:
    """Of each result, its status, or the code of its problem."""
    return [r["body"]["code"] if r["status"] >= 400 else r["status"] for r in results]


def numbers(user) -> list[tuple[str, int]]:
    """What was announced in a user's stream, in the order of the outbox."""
    rows = OutboxMessage.objects.filter(stream=user.id).order_by("position")
    return list(rows.values_list("subject", "sequence"))


def nothing_kept() -> bool:
    return not (
        TransactionRequest.objects.exists()
        or OutboxMessage.objects.exists()
        or OutboxStream.objects.exclude(last_sequence=0).exists()
    )


class TestBatch:
    def test_answers_each_item_as_a_post_of_its_own_would(self, submit, results_of, alice, bob):
        members = {
            "kind": "transfer", "counterparty": str(bob.id), "capture": "manual",
            "reference": 'a "quoted" \\ reference', "description": "\u00e9\u4e2d\U0001f600",
            "metadata": {"b": "2", "a": 'back\\slash, "quote", {brace}, null', "null": ""},
        }  # fmt: skip
        (result,) = results_of(alice, [item("k", **members)])
        replay = submit(alice, key="k", **members)

        assert result == {"status": 202, "body": replay.json()}
        assert replay["Idempotent-Replayed"] == "true"

    def test_describes_exactly_the_members_that_it_answers(self, submit_batch, alice):
        body = submit_batch(alice, [item("k"), item("k")]).json()

        assert list(body) == list(BatchOutput().fields)
        assert list(body["results"][1]) == list(BatchResultOutput().fields)

    def test_writes_rows_and_events_that_agree(self, results_of, alice, bob):
        transfer = {"kind": "transfer", "counterparty": str(bob.id), "metadata": {"a": "\u00e9"}}
        results_of(alice, [item(**transfer), item(**transfer, capture="manual"), item()])

        for row in TransactionRequest.objects.all():
            message = OutboxMessage.objects.get(subject=str(row.id))
            event = event_decode(message.type, bytes(message.data))
            assert event.transaction_id == row.id
            assert (event.accepted_at, event.hold_expires_at) == (
                row.accepted_at,
                row.hold_expires_at,
            )
            assert message.occurred_at == row.accepted_at
            assert (event.amount, event.metadata) == (row.amount, row.metadata)
            assert (message.actor, message.correlation_id) == (f"user:{alice.id}", row.request_id)
        assert OutboxStream.objects.get(stream=alice.id).last_event_id is not None

    def test_numbers_in_the_order_of_the_items(self, results_of, alice):
        results = results_of(alice, [item(key) for key in ("z", "a", "m", "b")])

        assert numbers(alice) == [(r["body"]["id"], n) for n, r in enumerate(results, start=1)]

    def test_goes_on_where_the_stream_was(self, submit, results_of, alice):
        submit(alice)
        results_of(alice, [item(), item()])
        submit(alice)

        assert [number for _, number in numbers(alice)] == [1, 2, 3, 4]

    def test_of_500_takes_a_handful_of_statements(self, results_of, alice, bob):
        transfer = {"kind": "transfer", "counterparty": str(bob.id)}
        with CaptureQueriesContext(
            connection,
        ) as few:
            results_of(alice, [item(**transfer)])
        with CaptureQueriesContext(connection) as many:
            results = results_of(alice, [item(**transfer) for _ in range(500)])

        assert Counter(codes(results)) == {202: 500}
        assert len(many) == len(few) <= 12
        assert [number for _, number in numbers(alice)] == list(range(1, 502))


class TestRefusedItem:
    def test_has_its_problem_and_stops_no_other(self, results_of, alice, bob):
        gone = UserFactory(status="closed")
        transfer = {"kind": "transfer"}
        results = results_of(
            alice,
            [
                item(),
                item(amount=0),
                item(currency="eur", kind="nothing"),
                "not an item",
                None,
                item(colour="red"),
                {"kind": "withdrawal", "amount": 1, "currency": "EUR"},
                item("not a k\u00e9y"),
                {**item(), "idempotency_key": 7},
                item(**transfer, counterparty=str(gone.id)),
                item(**transfer, counterparty=str(uuid7())),
                item(**transfer, counterparty=str(alice.id)),
                item(kind="deposit", user=str(bob.id)),
                item(metadata={f"k{n}": "\u20ac" * 500 for n in range(20)}),
                item(**transfer, counterparty=str(bob.id)),
            ],
        )

        assert codes(results) == [
            202, "invalid", "invalid", "invalid", "invalid", "invalid",
            "idempotency_key_required", "idempotency_key_invalid", "idempotency_key_invalid",
            *["counterparty_unavailable"] * 3, "permission_denied", "metadata_too_large", 202,
        ]  # fmt: skip
        assert [number for _, number in numbers(alice)] == [1, 2]
        assert {result["body"]["id"] for result in (results[0], results[-1])} == {
            str(row.id) for row in TransactionRequest.objects.all()
        }

    def test_has_the_document_that_a_post_of_its_own_would_have(self, submit, results_of, alice):
        wrong = {"amount": 0, "currency": "eur", "reference": "a\nb"}
        (result,) = results_of(alice, [item(**wrong)])
        alone = submit(alice, **wrong)

        own = ("request_id", "instance")
        assert result["status"] == alone.status_code
        assert {k: v for k, v in result["body"].items() if k not in own} == {
            k: v for k, v in alone.json().items() if k not in own
        }
        assert result["body"]["instance"] == BATCH

    @pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
    def test_names_its_key(self, results_of, alice, key):
        (result,) = results_of(alice, [{**item(), "idempotency_key": key}])

        assert result["body"]["errors"][0]["field"] == "idempotency_key"
        assert nothing_kept()

    def test_keeps_its_key_for_another_try(self, results_of, alice):
        results = results_of(alice, [item("k", amount=0), item("k", amount=1)])

        assert codes(results) == ["invalid", 202]
        assert "idempotent_replayed" not in results[1]

    @pytest.mark.parametrize("status", ["suspended", "pending_verification", "closing"])
    def test_is_every_one_of_a_payer_who_may_not(self, results_of, bob, status):
        payer = UserFactory(status=status)
        results = results_of(payer, [item(), item(kind="transfer", counterparty=str(bob.id))])

        assert codes(results) == ["account_not_active"] * 2
        assert nothing_kept()

    def test_is_every_one_of_somebody_without_a_stream(self, results_of):
        assert codes(results_of(UserFactory(stream=False), [item()])) == ["account_not_active"]


class TestKey:
    def test_twice_in_a_batch_is_a_replay(self, results_of, alice):
        first, second, other = results_of(alice, [item("k"), item("k"), item("k", amount=251)])

        assert second == {"status": 202, "idempotent_replayed": True, "body": first["body"]}
        assert (other["status"], other["body"]["code"]) == (422, "idempotency_key_reused")
        assert other["body"]["errors"][0]["field"] == "amount"
        assert len(numbers(alice)) == 1

    def test_of_a_batch_that_is_sent_again_is_a_replay(self, submit_batch, alice):
        items = [item(reference=f"r{n}") for n in range(5)]
        first = submit_batch(alice, items).json()["results"]
        OutboxStream.objects.update(accepting=False)
        again = submit_batch(alice, items).json()["results"]

        assert again == [{**result, "idempotent_replayed": True} for result in first]
        assert [number for _, number in numbers(alice)] == [1, 2, 3, 4, 5]

    def test_is_in_one_space_with_those_of_the_header(self, submit, results_of, alice):
        single = submit(alice, key="k")
        (result,) = results_of(alice, [item("k")])

        assert result["body"] == single.json()
        assert result["idempotent_replayed"] is True

    def test_belongs_to_who_asks(self, submit, results_of, alice, bob):
        submit(bob, key="k")
        (result,) = results_of(alice, [item("k")])

        assert "idempotent_replayed" not in result

    @pytest.mark.parametrize("key", ['a"b', "a\\b", "{a,b}", "null", "a,b", " ", "%s"])
    def test_may_be_any_printable_ascii(self, results_of, alice, key):
        assert codes(results_of(alice, [item(key)])) == [202]
        (again,) = results_of(alice, [item(key)])
        assert again["idempotent_replayed"] is True


class TestReference:
    def test_is_unique_within_a_batch_and_beyond(self, submit, results_of, alice):
        old = submit(alice, reference="old").json()
        first, second, third, fourth = results_of(
            alice,
            [item(reference="new"), item(reference="new"), item(reference="old"), item()],
        )

        assert codes([first, second, third, fourth]) == [
            202, "reference_exists", "reference_exists", 202,
        ]  # fmt: skip
        assert second["body"]["transaction_id"] == first["body"]["id"]
        assert third["body"]["transaction_id"] == old["id"]

    def test_of_a_refused_item_is_free(self, results_of, alice):
        nobody = {"kind": "transfer", "counterparty": str(uuid7())}
        results = results_of(alice, [item(reference="r", **nobody), item(reference="r")])

        assert codes(results) == ["counterparty_unavailable", 202]


class TestTreasury:
    def test_deposits_into_many_streams_at_once(self, results_of, treasury):
        people = UserFactory.create_batch(7)
        gone, away = UserFactory(status="closed"), UserFactory(status="suspended")
        owners = [*people, *reversed(people), gone, away, treasury]
        results = results_of(treasury, [item(kind="deposit", user=str(o.id)) for o in owners])

        assert codes(results) == [
            *[202] * 14, "counterparty_unavailable", "account_not_active", 202,
        ]  # fmt: skip
        for number, person in enumerate(people):
            twice = [results[number], results[13 - number]]
            assert numbers(person) == [(r["body"]["id"], n) for n, r in enumerate(twice, start=1)]
        assert {UUID(r["body"]["user"]) for r in results[:7]} == {p.id for p in people}

    def test_is_who_has_the_role_now(self, client_of, treasury, alice):
        client = client_of(treasury)
        User.objects.filter(id=treasury.id).update(role=User.Role.USER)
        deposit = item(kind="deposit", user=str(alice.id))
        response = client.post(BATCH, {"items": [deposit, item()]}, format="json")

        assert codes(response.json()["results"]) == ["permission_denied", 202]

    def test_that_is_suspended_deposits_nothing(self, results_of, alice):
        treasurer = UserFactory(treasury=True, status="suspended")

        results = results_of(treasurer, [item(kind="deposit", user=str(alice.id))])

        assert codes(results) == ["account_not_active"]


class TestBody:
    @pytest.mark.parametrize(
        "body",
        [
            {}, {"items": []}, {"items": None}, {"items": {}}, {"items": "x"}, {"items": 1},
            {"items": [{}] * 501}, {"items": [item()], "more": 1}, [], None, "x", [item()],
        ],
    )  # fmt: skip
    def test_that_is_no_batch_is_400(self, client_of, alice, body):
        response = client_of(alice).post(BATCH, body, format="json")

        assert response.status_code == 400, response.content
        assert response["Content-Type"] == "application/problem+json"
        assert nothing_kept()

    def test_over_500_items_names_them(self, submit_batch, alice):
        response = submit_batch(alice, [item() for _ in range(501)])

        assert [error["field"] for error in response.json()["errors"]] == ["items"]
        assert nothing_kept()

    @pytest.mark.parametrize(("size", "status"), [(MIB, 200), (MIB + 1, 413)])
    def test_is_at_most_1_mib(self, client_of, alice, size, status):
        raw = json.dumps({"items": [item()]}).encode()
        response = client_of(alice).post(
            BATCH, raw + b" " * (size - len(raw)), content_type="application/json"
        )

        assert response.status_code == status

    def test_is_strict_json(self, client_of, alice):
        raw = b'{"items": [{"amount": 1, "amount": 2}]}'
        response = client_of(alice).post(BATCH, raw, content_type="application/json")

        assert response.status_code == 400

    def test_needs_a_token(self, anonymous):
        assert anonymous.post(BATCH, {"items": [item()]}, format="json").status_code == 401

    def test_is_posted(self, client_of, alice):
        assert client_of(alice).get(BATCH).status_code == 405
