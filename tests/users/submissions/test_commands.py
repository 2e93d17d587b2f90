"""POST /api/v1/transactions/{id}/capture, /void, /reverse: who may, and what it leaves behind."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from common.events.codec import event_decode
from common.events.contracts import (
    TransactionCaptureRequestedV1,
    TransactionExpiryDueV1,
    TransactionReversalRequestedV1,
    TransactionVoidRequestedV1,
)
from common.ids import uuid7
from common.money import AMOUNT_MAX
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.users import (
    NOON,
    TransactionCommandFactory,
    TransactionRequestFactory,
    UserFactory,
    status_lead,
)
from tests.users.conftest import TRANSACTIONS
from users.identity.models import User
from users.submissions.models import TransactionCommand
from users.submissions.serializers import CommandOutput

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def hold(**members):
    """A hold that can still be captured."""
    return TransactionRequestFactory(
        **{"hold": True, "status": "authorised", "accepted_at": timezone.now(), **members}
    )


def told(stream) -> list:
    """The events of a stream, in order."""
    messages = OutboxMessage.objects.filter(stream=stream).order_by("sequence")
    return [event_decode(message.type, bytes(message.data)) for message in messages]


def nothing_kept() -> bool:
    return not (
        TransactionCommand.objects.exists()
        or OutboxMessage.objects.exists()
        or OutboxStream.objects.exclude(last_sequence=0).exists()
    )


class TestCommand:
    def test_answers_202_with_the_whole_representation(self, command):
        row = hold()

        response = command(row.user, row, "capture", amount=100)

        assert response.status_code == 202
        body = response.json()
        assert response["Location"] == f"{TRANSACTIONS}/{row.id}/commands/{body['id']}"
        assert "Idempotent-Replayed" not in response
        assert UUID(body["id"]).version == 7
        assert datetime.fromisoformat(body.pop("created_at")).tzinfo is not None
        assert body == {
            "id": body["id"],
            "transaction_id": str(row.id),
            "type": "capture",
            "amount": 100,
            "status": "pending",
            "rejection_code": None,
            "settled_at": None,
        }

    def test_describes_exactly_the_members_that_it_answers(self, command):
        row = hold()

        assert list(command(row.user, row, "void").json()) == list(CommandOutput().fields)

    @pytest.mark.parametrize(
        ("name", "body", "event", "members"),
        [
            ("capture", {}, TransactionCaptureRequestedV1, {"amount": None}),
            ("capture", {"amount": 99}, TransactionCaptureRequestedV1, {"amount": 99}),
            ("void", {}, TransactionVoidRequestedV1, {}),
        ],
    )
    def test_writes_the_record_and_its_event_together(self, command, name, body, event, members):
        row = hold()

        response = command(row.user, row, name, **body)

        kept = TransactionCommand.objects.get()
        message = OutboxMessage.objects.get()
        assert response.json()["id"] == str(kept.id)
        assert (kept.type, kept.status, kept.transaction_id) == (name, "pending", row.id)
        assert (message.stream, message.sequence) == (row.user_id, 1)
        assert (message.actor, message.subject) == (f"user:{row.user_id}", str(row.id))
        assert message.correlation_id == kept.request_id
        assert message.occurred_at == kept.accepted_at
        assert told(row.user_id) == [
            event(
                transaction_id=row.id,
                command_id=kept.id,
                requested_by=row.user_id,
                accepted_at=kept.accepted_at,
                **members,
            )
        ]

    def test_of_the_receiver_is_told_on_the_stream_of_the_payer(self, command):
        row = TransactionRequestFactory(transfer=True, posted=True)

        command(row.counterparty, row, "reverse", amount=50, reason="wrong size")

        kept = TransactionCommand.objects.get()
        assert OutboxMessage.objects.get().actor == f"user:{row.counterparty_id}"
        assert told(row.user_id) == [
            TransactionReversalRequestedV1(
                transaction_id=row.id,
                command_id=kept.id,
                requested_by=row.counterparty_id,
                accepted_at=kept.accepted_at,
                amount=50,
                reason="wrong size",
            )
        ]

    def test_goes_through_when_the_payer_may_not_pay(self, command, treasury):
        row = TransactionRequestFactory(transfer=True, posted=True)
        OutboxStream.objects.filter(stream=row.user_id).update(accepting=False)
        User.objects.filter(id=row.user_id).update(status="suspended")

        for caller in (row.counterparty, treasury):
            assert command(caller, row, "reverse", amount=1).status_code == 202

    def test_leaves_it_to_the_ledger_whether_it_can_be_followed(self, command):
        """Only the ledger knows what has become of a transaction by then."""
        row = TransactionRequestFactory(rejected=True)

        assert command(row.user, row, "capture", amount=AMOUNT_MAX).status_code == 202
        assert command(row.user, row, "void").status_code == 202

    def test_numbers_the_stream_without_a_gap(self, command, submit):
        row = hold()
        submit(row.user)
        command(row.user, row, "capture", amount=1)
        command(row.user, row, "nonsense")
        command(row.user, row, "void")

        sequences = OutboxMessage.objects.order_by("id").values_list("sequence", flat=True)
        assert sorted(sequences) == [1, 2, 3]
        assert OutboxStream.objects.get(stream=row.user_id).last_sequence == 3


STATUSES = ["pending", "authorised", "posted", "rejected", "voided", "expired"]
STATUSES += ["partially_reversed", "reversed"]
RECEIVED = {"posted", "partially_reversed", "reversed"}


class TestRoles:
    """Who may do what; everybody else learns nothing."""

    @pytest.fixture
    def people(self, alice, bob, treasury):
        return {
            "owner": alice,
            "receiver": bob,
            "treasury": treasury,
            "stranger": UserFactory(),
        }

    def made(self, people, kind, status):
        return TransactionRequestFactory(
            kind=kind,
            user=people["owner"],
            counterparty=people["receiver"] if kind == "transfer" else None,
            requested_by=people["treasury"] if kind == "deposit" else people["owner"],
            status=status,
            rejection_code="insufficient_funds" if status == "rejected" else None,
        )

    @pytest.mark.parametrize("status", STATUSES)
    @pytest.mark.parametrize("kind", ["transfer", "withdrawal", "deposit"])
    def test_are_kept_in_every_state(self, command, people, kind, status):
        row = self.made(people, kind, status)
        asked_by = "treasury" if kind == "deposit" else "owner"
        allowed = {("capture", asked_by), ("void", asked_by), ("reverse", "treasury")}
        if kind == "transfer" and status in RECEIVED:
            allowed.add(("reverse", "receiver"))

        found = {
            (name, who)
            for name in ("capture", "void", "reverse")
            for who, user in people.items()
            if command(user, row, name).status_code == 202
        }

        assert found == allowed

    @pytest.mark.parametrize("name", ["capture", "void", "reverse"])
    def test_that_are_missing_are_answered_like_nothing_at_all(self, command, bob, name):
        row, missing = TransactionRequestFactory(transfer=True, posted=True), uuid7()

        answers = []
        for one in (row.id, missing):
            response = command(bob, one, name)
            assert response.status_code == 404
            body = response.json()
            body.pop("request_id")
            body["instance"] = body["instance"].replace(str(one), "")
            answers.append(body)

        assert answers[0] == answers[1]
        assert nothing_kept()

    def test_of_the_treasury_do_not_let_it_take_back_what_it_paid(self, command, treasury):
        paid = TransactionRequestFactory(transfer=True, posted=True, user=treasury)
        taken_out = TransactionRequestFactory(posted=True, user=treasury)
        brought_in = TransactionRequestFactory(
            kind="deposit", posted=True, user=treasury, requested_by=treasury
        )

        assert command(treasury, paid, "reverse").status_code == 404
        assert command(treasury, taken_out, "reverse").status_code == 404
        assert command(treasury, brought_in, "reverse").status_code == 202

    def test_are_those_of_now_and_not_of_the_token(self, client_of, treasury):
        row = TransactionRequestFactory(posted=True)
        client = client_of(treasury)
        User.objects.filter(id=treasury.id).update(role=User.Role.USER)

        response = client.post(
            f"{TRANSACTIONS}/{row.id}/reverse", {}, format="json", headers={"Idempotency-Key": "k"}
        )

        assert response.status_code == 404


class TestRefusal:
    @pytest.mark.parametrize("name", ["capture", "void", "reverse"])
    def test_needs_a_token(self, anonymous, name):
        path = f"{TRANSACTIONS}/{hold().id}/{name}"

        assert anonymous.post(path, {}, format="json").status_code == 401

    @pytest.mark.parametrize("name", ["capture", "void", "reverse"])
    @pytest.mark.parametrize(
        ("headers", "code"),
        [
            ({}, "idempotency_key_required"),
            ({"Idempotency-Key": "x" * 256}, "idempotency_key_invalid"),
        ],
    )
    def test_needs_a_key(self, client_of, name, headers, code):
        row = hold()

        response = client_of(row.user).post(
            f"{TRANSACTIONS}/{row.id}/{name}", {}, format="json", headers=headers
        )

        assert (response.status_code, response.json()["code"]) == (400, code)
        assert nothing_kept()

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
    @pytest.mark.parametrize("name", ["capture", "void", "reverse"])
    def test_of_another_method_is_405(self, client_of, name, method):
        row = hold()

        response = getattr(client_of(row.user), method)(f"{TRANSACTIONS}/{row.id}/{name}")

        assert response.status_code == 405

    @pytest.mark.parametrize("status", ["suspended", "closing", "closed"])
    @pytest.mark.parametrize("name", ["capture", "void"])
    def test_meets_who_is_not_active(self, command, name, status):
        row = hold()
        status_lead(row.user, status)

        response = command(row.user, row, name)

        assert (response.status_code, response.json()["code"]) == (403, "account_not_active")
        assert nothing_kept()

    def test_meets_a_receiver_who_is_not_active(self, command):
        row = TransactionRequestFactory(transfer=True, posted=True)
        User.objects.filter(id=row.counterparty_id).update(status="suspended")

        response = command(row.counterparty, row, "reverse")

        assert (response.status_code, response.json()["code"]) == (403, "account_not_active")
        assert nothing_kept()

    def test_meets_a_stranger_as_a_stranger_also_when_not_active(self, command):
        stranger = UserFactory(status="suspended")

        assert command(stranger, hold(), "void").status_code == 404

    @pytest.mark.parametrize(
        ("name", "field", "value"),
        [
            *[
                (name, "amount", value)
                for name in ("capture", "reverse")
                for value in (0, -1, AMOUNT_MAX + 1, "250", "", None, True, [], {})
            ],
            ("void", "amount", 1),
            ("void", "reason", "x"),
            ("capture", "reason", "x"),
            *[("reverse", "reason", value) for value in ("", "x" * 501, "a\nb", 1, True, [], {})],
            *[
                (name, unknown, "x")
                for name in ("capture", "void", "reverse")
                for unknown in ("type", "status", "id", "transaction_id", "accepted_at", "")
            ],
        ],
    )
    def test_names_the_member_that_breaks_its_rule(self, command, name, field, value):
        row = TransactionRequestFactory(transfer=True, posted=True)
        caller = row.counterparty if name == "reverse" else row.user

        response = command(caller, row, name, **{field: value})

        assert response.status_code == 400, response.content
        assert response.json()["code"] == "invalid"
        assert field == "" or [e["field"] for e in response.json()["errors"]] == [field]
        assert nothing_kept()

    @pytest.mark.parametrize("raw", [b"null", b"true", b"1", b'"x"', b"[]", b"[{}]", b"{", b"\xff"])
    @pytest.mark.parametrize("name", ["capture", "void", "reverse"])
    def test_meets_a_body_that_is_no_object(self, client_of, treasury, name, raw):
        row = hold(requested_by=treasury)

        response = client_of(treasury).post(
            f"{TRANSACTIONS}/{row.id}/{name}",
            raw,
            content_type="application/json",
            headers={"Idempotency-Key": "k"},
        )

        assert response.status_code == 400
        assert nothing_kept()

    def test_keeps_the_key_for_another_try(self, command):
        row = TransactionRequestFactory(transfer=True)
        refused = command(row.counterparty, row, "reverse", key="once")
        type(row).objects.filter(id=row.id).update(status="posted", captured_amount=250)
        accepted = command(row.counterparty, row, "reverse", key="once")

        assert (refused.status_code, accepted.status_code) == (404, 202)
        assert "Idempotent-Replayed" not in accepted


class TestReplay:
    def test_is_the_original_answer_byte_for_byte(self, command):
        row = hold()
        first = command(row.user, row, "capture", key="k", amount=9)
        TransactionCommand.objects.update(
            status="applied", applied_amount=9, settled_at=timezone.now()
        )
        second = command(row.user, row, "capture", key="k", amount=9)

        assert (second.status_code, second.content) == (202, first.content)
        assert second["Location"] == first["Location"]
        assert second["Idempotent-Replayed"] == "true"
        assert TransactionCommand.objects.count() == OutboxMessage.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "name", "other"),
        [
            ("type", "capture", {"amount": 9}),
            ("amount", "reverse", {"amount": 10, "reason": "x"}),
            ("amount", "reverse", {"reason": "x"}),
            ("reason", "reverse", {"amount": 9}),
            ("reason", "reverse", {"amount": 9, "reason": "y"}),
            ("type", "void", {}),
        ],
    )
    def test_refuses_another_command_and_names_the_first_difference(
        self, command, treasury, field, name, other
    ):
        row = TransactionRequestFactory(kind="deposit", posted=True, requested_by=treasury)
        command(treasury, row, "reverse", key="k", amount=9, reason="x")

        response = command(treasury, row, name, key="k", **other)

        assert response.status_code == 422
        assert response.json()["code"] == "idempotency_key_reused"
        assert [error["field"] for error in response.json()["errors"]] == [field]
        assert TransactionCommand.objects.count() == 1

    def test_knows_an_absent_reason_from_none_at_all(self, command, treasury):
        row = TransactionRequestFactory(posted=True)
        first = command(treasury, row, "reverse", key="k")
        second = command(treasury, row, "reverse", key="k", reason=None)

        assert second.content == first.content

    def test_never_crosses_callers_or_transactions(self, command, treasury):
        row = TransactionRequestFactory(transfer=True, posted=True)
        other = TransactionRequestFactory(
            kind="transfer", posted=True, counterparty=row.counterparty
        )

        answers = [
            command(row.counterparty, row, "reverse", key="k"),
            command(row.counterparty, other, "reverse", key="k"),
            command(treasury, row, "reverse", key="k"),
        ]

        assert [answer.status_code for answer in answers] == [202, 202, 202]
        assert not any("Idempotent-Replayed" in answer for answer in answers)
        assert TransactionCommand.objects.count() == 3

    def test_answers_even_when_nothing_new_would_be_accepted(self, command):
        row = hold()
        first = command(row.user, row, "void", key="k")
        User.objects.filter(id=row.user_id).update(status="suspended")

        assert command(row.user, row, "void", key="k").content == first.content

    def test_has_keys_of_its_own_beside_those_of_requests(self, command, submit):
        row = hold()
        submit(row.user, key="k")

        assert "Idempotent-Replayed" not in command(row.user, row, "void", key="k")


class TestLate:
    """Whose deadline is over is expired first, whatever the sweep has done by then."""

    @pytest.mark.parametrize("name", ["capture", "void"])
    @pytest.mark.parametrize("status", ["pending", "authorised"])
    def test_command_is_told_after_the_expiry(self, command, name, status):
        row = hold(accepted_at=NOON, status=status)

        response = command(row.user, row, name)

        assert response.status_code == 202
        expiry, asked = told(row.user_id)
        assert isinstance(expiry, TransactionExpiryDueV1)
        assert asked.command_id == UUID(response.json()["id"])
        assert asked.accepted_at >= expiry.accepted_at >= row.hold_expires_at
        kept = TransactionCommand.objects.get(type="expiry")
        assert (kept.id, kept.accepted_at) == (expiry.command_id, expiry.accepted_at)
        assert (kept.requested_by_id, kept.idempotency_key) == (None, None)
        message = OutboxMessage.objects.get(sequence=1)
        assert message.actor == "system:hold_expiry"
        assert message.correlation_id == row.request_id

    def test_command_finds_an_expiry_on_its_way(self, command):
        row = hold(accepted_at=NOON)
        TransactionCommandFactory(transaction=row, expiry=True)

        command(row.user, row, "capture")

        assert [event.TYPE for event in told(row.user_id)] == ["transaction_capture_requested.v1"]

    def test_command_follows_an_expiry_that_was_refused_by_another(self, command):
        """Staff discarded it, and the hold is still there."""
        row = hold(accepted_at=NOON)
        TransactionCommandFactory(transaction=row, expiry=True, rejected=True)

        command(row.user, row, "capture")

        assert len(told(row.user_id)) == 2

    def test_command_that_is_replayed_tells_nothing_again(self, command):
        row = hold(accepted_at=NOON)
        for _ in range(2):
            command(row.user, row, "capture", key="k")

        assert len(told(row.user_id)) == 2

    def test_command_about_what_is_no_hold_any_more_tells_of_no_expiry(self, command):
        row = hold(accepted_at=NOON, status="posted", captured_amount=250)

        command(row.user, row, "void")

        assert [event.TYPE for event in told(row.user_id)] == ["transaction_void_requested.v1"]

    def test_reversal_has_no_deadline(self, command, treasury):
        row = hold(accepted_at=NOON)

        command(treasury, row, "reverse")

        assert [event.TYPE for event in told(row.user_id)] == ["transaction_reversal_requested.v1"]

    def test_is_nobody_before_the_deadline(self, command):
        row = hold(accepted_at=timezone.now() - HOUR + timedelta(minutes=5))

        command(row.user, row, "capture")

        assert len(told(row.user_id)) == 1


class TestRead:
    def path(self, row) -> str:
        return f"{TRANSACTIONS}/{row.transaction_id}/commands/{row.id}"

    def test_shows_what_was_accepted(self, client_of, command):
        row = hold()
        accepted = command(row.user, row, "capture")

        response = client_of(row.user).get(accepted["Location"])

        assert (response.status_code, response.json()) == (200, accepted.json())

    def test_shows_what_it_came_to(self, client_of):
        row = TransactionCommandFactory(applied=True)

        body = client_of(row.requested_by).get(self.path(row)).json()

        assert (body["status"], body["amount"]) == ("applied", 250)
        assert body["settled_at"] == body["created_at"] == "2026-01-02T12:00:00Z"

    def test_shows_why_it_was_refused(self, client_of):
        row = TransactionCommandFactory(rejected=True, amount=251)

        body = client_of(row.requested_by).get(self.path(row)).json()

        assert (body["status"], body["rejection_code"]) == ("rejected", "exceeds_hold")
        assert body["amount"] == 251

    def test_is_for_who_gave_it(self, client_of, treasury):
        row = TransactionRequestFactory(transfer=True, posted=True)
        given = TransactionCommandFactory(
            transaction=row, type="reverse", requested_by=row.counterparty
        )

        assert client_of(row.counterparty).get(self.path(given)).status_code == 200
        for other in (row.user, treasury, UserFactory()):
            assert client_of(other).get(self.path(given)).status_code == 404

    def test_of_an_expiry_is_for_nobody(self, client_of):
        row = TransactionCommandFactory(expiry=True)

        assert client_of(row.transaction.user).get(self.path(row)).status_code == 404

    def test_is_below_its_own_transaction_only(self, client_of):
        row = TransactionCommandFactory()
        other = TransactionRequestFactory(user=row.requested_by)

        path = f"{TRANSACTIONS}/{other.id}/commands/{row.id}"

        assert client_of(row.requested_by).get(path).status_code == 404

    def test_needs_a_token(self, anonymous):
        assert anonymous.get(self.path(TransactionCommandFactory())).status_code == 401
