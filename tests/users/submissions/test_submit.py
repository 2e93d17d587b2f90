"""POST /api/v1/transactions: what is accepted, and what it leaves behind."""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest

from common.events.codec import event_decode
from common.events.contracts import SystemAccount, TransactionCreatedV1, Wallet
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.users import UserFactory, status_lead
from tests.users.conftest import TRANSACTIONS
from users.identity.models import User
from users.submissions.models import TransactionRequest
from users.submissions.serializers import TransactionOutput

pytestmark = pytest.mark.django_db


def event_of(transaction_id: str) -> tuple[OutboxMessage, TransactionCreatedV1]:
    message = OutboxMessage.objects.get(subject=transaction_id)
    event = event_decode(message.type, bytes(message.data))
    assert isinstance(event, TransactionCreatedV1)
    return message, event


class TestSubmit:
    def test_answers_202_with_the_whole_representation(self, submit, alice, bob):
        response = submit(
            alice,
            kind="transfer",
            counterparty=str(bob.id),
            amount=1250,
            reference="invoice 7",
            description="lunch",
            metadata={"b": "2", "a": "1"},
        )

        assert response.status_code == 202
        body = response.json()
        assert response["Location"] == f"{TRANSACTIONS}/{body['id']}"
        assert "Idempotent-Replayed" not in response
        assert UUID(body["id"]).version == 7
        created_at = body.pop("created_at")
        assert datetime.fromisoformat(created_at).tzinfo is not None
        assert body == {
            "id": body["id"],
            "kind": "transfer",
            "status": "pending",
            "amount": 1250,
            "currency": "EUR",
            "user": str(alice.id),
            "counterparty": str(bob.id),
            "capture": "automatic",
            "hold_expires_at": None,
            "reference": "invoice 7",
            "description": "lunch",
            "metadata": {"a": "1", "b": "2"},
            "captured_amount": 0,
            "reversed_amount": 0,
            "rejection_code": None,
            "settled_at": None,
        }

    def test_describes_exactly_the_members_that_it_answers(self, submit, alice):
        body = submit(alice).json()

        assert list(body) == list(TransactionOutput().fields)

    def test_writes_the_record_and_its_event_together(self, submit, alice, bob):
        trace = f"00-{'a' * 32}-{'b' * 16}-01"
        response = submit(
            alice,
            kind="transfer",
            counterparty=str(bob.id),
            headers={"X-Request-Id": "request-00000001", "Traceparent": trace},
        )

        request = TransactionRequest.objects.get()
        message, event = event_of(response.json()["id"])
        assert (request.request_id, request.traceparent) == ("request-00000001", trace)
        assert (message.correlation_id, message.traceparent) == ("request-00000001", trace)
        assert message.actor == f"user:{alice.id}"
        assert (message.stream, message.sequence) == (alice.id, 1)
        assert message.occurred_at == event.accepted_at == request.accepted_at
        assert event == TransactionCreatedV1(
            transaction_id=request.id,
            kind="transfer",
            requested_by=alice.id,
            debit_party=Wallet(user_id=alice.id),
            credit_party=Wallet(user_id=bob.id),
            amount=250,
            currency="EUR",
            capture="automatic",
            accepted_at=request.accepted_at,
        )

    def test_withdraws_from_the_wallet_into_cash(self, submit, alice):
        _, event = event_of(submit(alice).json()["id"])

        assert event.debit_party == Wallet(user_id=alice.id)
        assert event.credit_party == SystemAccount(role="cash_clearing")

    def test_deposits_from_cash_on_the_stream_of_the_wallets_owner(self, submit, alice, treasury):
        response = submit(treasury, kind="deposit", user=str(alice.id))

        message, event = event_of(response.json()["id"])
        request = TransactionRequest.objects.get()
        assert (request.user_id, request.requested_by_id) == (alice.id, treasury.id)
        assert (message.stream, message.sequence) == (alice.id, 1)
        assert message.actor == f"user:{treasury.id}"
        assert event.debit_party == SystemAccount(role="cash_clearing")
        assert event.credit_party == Wallet(user_id=alice.id)
        assert OutboxStream.objects.get(stream=treasury.id).last_sequence == 0

    def test_numbers_the_requests_of_a_user_without_a_gap(self, submit, alice):
        ids = [submit(alice).json()["id"] for _ in range(5)]

        sequences = [event_of(transaction_id)[0].sequence for transaction_id in ids]
        assert sequences == [1, 2, 3, 4, 5]
        stream = OutboxStream.objects.get(stream=alice.id)
        assert stream.last_sequence == 5
        assert stream.last_event_id == event_of(ids[-1])[0].id

    def test_keeps_the_largest_amount_exactly(self, submit, alice):
        response = submit(alice, amount=9_007_199_254_740_991)

        assert response.json()["amount"] == 9_007_199_254_740_991
        assert TransactionRequest.objects.get().amount == 9_007_199_254_740_991


class TestHold:
    @pytest.mark.parametrize(
        ("asked", "seconds"),
        [({}, 604_800), ({"hold_expires_in_s": 60}, 60), ({"hold_expires_in_s": 2592000}, 2592000)],
    )
    def test_expires_that_long_after_its_acceptance(self, submit, alice, asked, seconds):
        body = submit(alice, capture="manual", **asked).json()

        _, event = event_of(body["id"])
        request = TransactionRequest.objects.get()
        assert request.hold_expires_at == request.accepted_at + timedelta(seconds=seconds)
        assert (event.capture, event.hold_expires_at) == ("manual", request.hold_expires_at)
        assert event.accepted_at == request.accepted_at
        assert body["capture"] == "manual"
        assert datetime.fromisoformat(body["hold_expires_at"]) == request.hold_expires_at

    def test_is_replayed_byte_for_byte(self, submit, alice):
        first = submit(alice, key="k", capture="manual")
        second = submit(alice, key="k", capture="manual", hold_expires_in_s=604_800)

        assert (second.status_code, second.content) == (202, first.content)

    @pytest.mark.parametrize(
        ("field", "other"),
        [("hold_expires_in_s", {"hold_expires_in_s": 61}), ("capture", {"capture": "automatic"})],
    )
    def test_of_another_length_is_another_order(self, submit, alice, field, other):
        members = {"capture": "manual"} | other
        submit(alice, key="k", capture="manual")
        response = submit(alice, key="k", **members)

        assert response.json()["code"] == "idempotency_key_reused"
        assert response.json()["errors"][0]["field"] == field


class TestFingerprint:
    def test_of_an_order_without_a_hold_is_what_it_was_before_there_were_holds(self, submit, alice):
        submit(alice)

        known = {
            "amount": 250,
            "capture": "automatic",
            "counterparty": None,
            "currency": "EUR",
            "description": None,
            "kind": "withdrawal",
            "metadata": {},
            "reference": None,
            "user": str(alice.id),
        }
        text = json.dumps(known, separators=(",", ":"))
        assert TransactionRequest.objects.get().fingerprint == sha256(text.encode()).hexdigest()


class TestRefusal:
    def refused(self, response, status: int, code: str) -> dict:
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "application/problem+json"
        body = response.json()
        assert body["code"] == code
        assert body["status"] == status
        assert body["request_id"]
        assert not TransactionRequest.objects.exists()
        assert not OutboxMessage.objects.exists()
        assert not OutboxStream.objects.exclude(last_sequence=0).exists()
        return body

    def test_needs_a_token(self, anonymous):
        response = anonymous.post(TRANSACTIONS, {}, format="json")

        assert self.refused(response, 401, "not_authenticated")
        assert response["WWW-Authenticate"].startswith("Bearer")

    def test_needs_a_key(self, client_of, alice):
        response = client_of(alice).post(TRANSACTIONS, {}, format="json")

        self.refused(response, 400, "idempotency_key_required")

    @pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "caf\u00e9", "a\x7fb"])
    def test_refuses_an_ill_formed_key(self, client_of, alice, key):
        response = client_of(alice).post(
            TRANSACTIONS, {}, format="json", headers={"Idempotency-Key": key}
        )

        self.refused(response, 400, "idempotency_key_invalid")

    @pytest.mark.parametrize("key", ["x", "x" * 255, " ~!"])
    def test_takes_any_printable_ascii_as_a_key(self, submit, alice, key):
        assert submit(alice, key=key).status_code == 202

    @pytest.mark.parametrize("status", ["closing", "closed"])
    def test_refuses_a_counterparty_that_is_gone(self, submit, alice, status):
        other = UserFactory(status=status)
        response = submit(alice, kind="transfer", counterparty=str(other.id))

        body = self.refused(response, 422, "counterparty_unavailable")
        assert body["errors"][0]["field"] == "counterparty"

    def test_answers_the_same_for_oneself_and_for_nobody(self, submit, alice):
        nobody = "01980000-0000-7000-8000-000000000000"
        answers = []
        for party in (nobody, str(alice.id)):
            response = submit(alice, kind="transfer", counterparty=party)
            body = self.refused(response, 422, "counterparty_unavailable")
            answers.append({k: v for k, v in body.items() if k != "request_id"})

        assert answers[0] == answers[1]

    @pytest.mark.parametrize("status", ["suspended", "pending_verification"])
    def test_lets_money_go_to_somebody_suspended_or_pending(self, submit, alice, status):
        other = UserFactory(status=status)

        assert submit(alice, kind="transfer", counterparty=str(other.id)).status_code == 202

    @pytest.mark.parametrize("kind", ["withdrawal", "transfer"])
    def test_refuses_a_suspended_user_at_once(self, submit, bob, kind):
        user = UserFactory(status="suspended")
        members = {"counterparty": str(bob.id)} if kind == "transfer" else {}

        self.refused(submit(user, kind=kind, **members), 403, "account_not_active")

    def test_believes_the_stream_and_not_the_status(self, submit):
        user = UserFactory(status="active", stream=False)

        self.refused(submit(user), 403, "account_not_active")

    def test_refuses_a_suspended_treasurer(self, submit, alice):
        treasurer = UserFactory(treasury=True, status="suspended")

        response = submit(treasurer, kind="deposit", user=str(alice.id))

        self.refused(response, 403, "account_not_active")

    def test_lets_only_the_treasury_deposit(self, submit, alice):
        response = submit(alice, kind="deposit", user=str(alice.id))

        self.refused(response, 403, "permission_denied")

    def test_believes_the_role_of_now_and_not_of_the_token(self, client_of, treasury, alice):
        client = client_of(treasury)
        User.objects.filter(id=treasury.id).update(role=User.Role.USER)

        for owner in (alice, treasury):
            body = {"kind": "deposit", "amount": 250, "currency": "EUR", "user": str(owner.id)}
            headers = {"Idempotency-Key": str(owner.id)}
            response = client.post(TRANSACTIONS, body, format="json", headers=headers)

            self.refused(response, 403, "permission_denied")

    @pytest.mark.parametrize("status", ["closing", "closed"])
    def test_refuses_a_deposit_to_somebody_gone(self, submit, treasury, status):
        owner = UserFactory(status=status)
        response = submit(treasury, kind="deposit", user=str(owner.id))

        assert (
            self.refused(response, 422, "counterparty_unavailable")["errors"][0]["field"] == "user"
        )

    def test_refuses_texts_that_no_event_can_hold(self, submit, alice):
        response = submit(alice, metadata={f"k{n}": "\u20ac" * 500 for n in range(20)})

        body = self.refused(response, 400, "metadata_too_large")
        assert body["errors"][0]["field"] == "metadata"

    def test_keeps_the_key_for_another_try(self, submit, alice, bob):
        refused = submit(alice, key="once", kind="transfer", counterparty=str(alice.id))
        accepted = submit(alice, key="once", kind="transfer", counterparty=str(bob.id))

        assert (refused.status_code, accepted.status_code) == (422, 202)
        assert "Idempotent-Replayed" not in accepted


class TestReference:
    def test_is_unique_for_who_asks(self, submit, alice):
        first = submit(alice, reference="invoice 7")
        second = submit(alice, reference="invoice 7")

        assert second.status_code == 409
        assert second.json()["code"] == "reference_exists"
        assert second.json()["transaction_id"] == first.json()["id"]
        assert OutboxStream.objects.get(stream=alice.id).last_sequence == 1

    def test_belongs_to_who_asks(self, submit, alice, bob):
        assert submit(alice, reference="invoice 7").status_code == 202
        assert submit(bob, reference="invoice 7").status_code == 202

    def test_may_be_absent_any_number_of_times(self, submit, alice):
        assert {submit(alice).status_code for _ in range(3)} == {202}


class TestReplay:
    def test_is_the_original_answer_byte_for_byte(self, submit, alice, bob):
        members = {
            "kind": "transfer",
            "counterparty": str(bob.id),
            "metadata": {"long key": "1", "a": "2", "b": "3"},
        }
        first = submit(alice, key="k", **members)
        TransactionRequest.objects.update(status="posted", captured_amount=250)
        second = submit(alice, key="k", **members)

        assert (second.status_code, second.content) == (202, first.content)
        assert second["Location"] == first["Location"]
        assert second["Idempotent-Replayed"] == "true"
        assert TransactionRequest.objects.count() == OutboxMessage.objects.count() == 1
        assert OutboxStream.objects.get(stream=alice.id).last_sequence == 1

    def test_knows_the_same_order_in_other_words(self, submit, client_of, alice, bob):
        first = submit(alice, key="k", kind="transfer", counterparty=str(bob.id))
        raw = json.dumps(
            {
                "currency": "EUR",
                "metadata": {},
                "reference": None,
                "capture": "automatic",
                "counterparty": str(bob.id).upper(),
                "amount": 250,
                "kind": "transfer",
            },
            indent=3,
        )
        second = client_of(alice).post(
            TRANSACTIONS, raw, content_type="application/json", headers={"Idempotency-Key": "k"}
        )

        assert second.status_code == 202
        assert second.content == first.content

    @pytest.mark.parametrize(
        ("field", "other"),
        [
            ("kind", {"kind": "withdrawal", "counterparty": None}),
            ("amount", {"amount": 251}),
            ("currency", {"currency": "USD"}),
            ("counterparty", {"counterparty": "01980000-0000-7000-8000-000000000000"}),
            ("reference", {"reference": "x"}),
            ("description", {"description": "x"}),
            ("metadata", {"metadata": {"a": "b"}}),
            ("amount", {"amount": 251, "currency": "USD", "metadata": {"a": "b"}}),
        ],
    )
    def test_refuses_another_body_and_names_the_first_difference(
        self, submit, alice, bob, field, other
    ):
        members = {"kind": "transfer", "counterparty": str(bob.id)}
        assert submit(alice, key="k", **members).status_code == 202
        response = submit(alice, key="k", **(members | other))

        assert response.status_code == 422
        assert response.json()["code"] == "idempotency_key_reused"
        assert response.json()["errors"][0]["field"] == field
        assert TransactionRequest.objects.count() == 1

    def test_refuses_a_deposit_to_another_user_under_the_same_key(
        self, submit, treasury, alice, bob
    ):
        submit(treasury, key="k", kind="deposit", user=str(alice.id))
        response = submit(treasury, key="k", kind="deposit", user=str(bob.id))

        assert response.json()["errors"][0]["field"] == "user"

    def test_never_crosses_users(self, submit, alice, bob):
        first = submit(alice, key="k")
        second = submit(bob, key="k")

        assert "Idempotent-Replayed" not in second
        assert first.json()["id"] != second.json()["id"]

    def test_answers_even_when_nothing_new_would_be_accepted(self, submit, alice, bob):
        members = {"kind": "transfer", "counterparty": str(bob.id), "reference": "r"}
        first = submit(alice, key="k", **members)
        OutboxStream.objects.update(accepting=False)
        status_lead(bob, "closed")
        second = submit(alice, key="k", **members)

        assert second.content == first.content
        assert second["Idempotent-Replayed"] == "true"
