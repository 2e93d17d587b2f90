"""What the database refuses by itself, whoever writes."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from tests.factories.users import (
    NOON,
    TransactionCommandFactory,
    TransactionRequestFactory,
)
from users.submissions.models import TransactionCommand, TransactionRequest

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
IMMUTABLE = {
    "kind": "transfer",
    "amount": 251,
    "currency": "USD",
    "capture": "manual",
    "accepted_at": NOON + MINUTE,
    "hold_expires_in_s": 60,
    "hold_expires_at": NOON,
    "reference": "other",
    "description": "other",
    "metadata": {"other": "x"},
    "idempotency_key": "other",
    "fingerprint": "f" * 64,
    "request_id": "other",
    "traceparent": "other",
}
ARROWS = {
    ("pending", "authorised"),
    ("pending", "posted"),
    ("pending", "rejected"),
    ("authorised", "posted"),
    ("authorised", "voided"),
    ("authorised", "expired"),
    ("posted", "partially_reversed"),
    ("posted", "reversed"),
    ("partially_reversed", "reversed"),
}


def change(row: TransactionRequest, **members) -> None:
    with transaction.atomic():
        TransactionRequest.objects.filter(id=row.id).update(**members)


class TestRow:
    @pytest.mark.parametrize(
        ("members", "constraint"),
        [
            ({"amount": 0}, "amount_in_range"),
            ({"amount": -1}, "amount_in_range"),
            ({"amount": 2**53}, "amount_in_range"),
            ({"kind": "refund"}, "kind_known"),
            ({"capture": "never"}, "capture_known"),
            ({"status": "done"}, "status_known"),
            ({"status": "rejected"}, "rejection_has_code"),
            ({"rejection_code": "insufficient_funds"}, "rejection_has_code"),
            ({"captured_amount": 251}, "captured_in_range"),
            ({"captured_amount": -1}, "captured_in_range"),
            ({"reversed_amount": 1}, "reversed_in_range"),
            ({"kind": "transfer"}, "counterparty_of_transfer"),
            ({"capture": "manual"}, "hold_of_manual"),
            ({"hold_expires_in_s": 60, "hold_expires_at": NOON + MINUTE}, "hold_of_manual"),
            ({"hold": True, "hold_expires_in_s": 0}, "hold_of_manual"),
            ({"hold": True, "hold_expires_at": NOON}, "hold_from_acceptance"),
            ({"hold": True, "hold_expires_at": None}, "hold_from_acceptance"),
            ({"hold_expires_at": NOON}, "hold_from_acceptance"),
        ],
    )
    def test_out_of_its_range_is_refused(self, members, constraint):
        with pytest.raises(IntegrityError, match=f"transaction_request_{constraint}"):
            TransactionRequestFactory(**members)

    def test_paying_oneself_is_refused(self, alice):
        with pytest.raises(IntegrityError, match="counterparty_of_transfer"):
            TransactionRequestFactory(kind="transfer", user=alice, counterparty=alice)

    def test_with_a_key_twice_is_refused(self, alice):
        TransactionRequestFactory(user=alice, idempotency_key="k")

        with pytest.raises(IntegrityError, match="transaction_request_key_once"):
            TransactionRequestFactory(user=alice, idempotency_key="k")

    @pytest.mark.parametrize("field", IMMUTABLE)
    def test_never_changes_what_was_asked(self, field):
        row = TransactionRequestFactory()

        with pytest.raises(DatabaseError, match="transaction_request"):
            change(row, **{field: IMMUTABLE[field]})

    @pytest.mark.parametrize("field", ["hold_expires_in_s", "hold_expires_at"])
    def test_never_changes_how_long_a_hold_lives(self, field):
        row = TransactionRequestFactory(hold=True)

        with pytest.raises(DatabaseError, match="transaction_request"):
            change(row, **{field: IMMUTABLE[field]})

    def test_never_changes_whose_it_is(self, bob):
        row = TransactionRequestFactory()

        for field in ("user", "requested_by"):
            with pytest.raises(DatabaseError, match="transaction_request"):
                change(row, **{field: bob})

    def test_is_never_deleted(self):
        row = TransactionRequestFactory()

        with pytest.raises(DatabaseError, match="transaction_request"), transaction.atomic():
            TransactionRequest.objects.filter(id=row.id).delete()

    @pytest.mark.parametrize("start", TransactionRequest.Status.values)
    def test_moves_along_the_arrows_only(self, start):
        for end in TransactionRequest.Status.values:
            codes = {
                status: "insufficient_funds" if status == "rejected" else None
                for status in (start, end)
            }
            row = TransactionRequestFactory(status=start, rejection_code=codes[start])
            try:
                change(row, status=end, rejection_code=codes[end])
            except DatabaseError:
                moved = False
            else:
                moved = True
            assert moved is (start == end or (start, end) in ARROWS), (start, end)


COMMAND_IMMUTABLE = {
    "type": "void",
    "amount": 2,
    "reason": "other",
    "idempotency_key": "other",
    "fingerprint": "f" * 64,
    "request_id": "other",
    "traceparent": "other",
}


def change_command(row: TransactionCommand, **members) -> None:
    with transaction.atomic():
        TransactionCommand.objects.filter(id=row.id).update(**members)


class TestCommand:
    @pytest.mark.parametrize(
        ("members", "constraint"),
        [
            ({"type": "refund"}, "type_known"),
            ({"status": "done"}, "outcome_whole"),
            ({"requested_by": None}, "asked_for"),
            ({"idempotency_key": None}, "asked_for"),
            ({"fingerprint": None}, "asked_for"),
            ({"type": "expiry"}, "asked_for"),
            ({"amount": 0}, "amount_in_range"),
            ({"amount": 2**53}, "amount_in_range"),
            ({"type": "void", "amount": 1}, "amount_in_range"),
            ({"expiry": True, "amount": 1}, "amount_in_range"),
            ({"reason": "x"}, "reason_of_reversal"),
            ({"status": "applied"}, "outcome_whole"),
            ({"status": "rejected"}, "outcome_whole"),
            ({"applied": True, "applied_amount": None}, "outcome_whole"),
            ({"applied": True, "rejection_code": "x"}, "outcome_whole"),
            ({"applied": True, "settled_at": None}, "outcome_whole"),
            ({"rejected": True, "applied_amount": 1}, "outcome_whole"),
            ({"rejection_code": "x"}, "outcome_whole"),
        ],
    )
    def test_out_of_its_range_is_refused(self, members, constraint):
        row = TransactionRequestFactory()
        members = {"transaction": row, "requested_by": row.user} | members

        with pytest.raises(IntegrityError, match=f"transaction_command_{constraint}"):
            TransactionCommandFactory(**members)

    def test_with_a_key_twice_is_refused(self):
        row = TransactionCommandFactory()

        with pytest.raises(IntegrityError, match="transaction_command_key_once"):
            TransactionCommandFactory(
                transaction=row.transaction, idempotency_key=row.idempotency_key
            )

    def test_of_expiry_waits_once_only(self):
        row = TransactionCommandFactory(expiry=True, rejected=True).transaction
        TransactionCommandFactory(transaction=row, expiry=True)

        with pytest.raises(IntegrityError, match="transaction_command_one_expiry"):
            TransactionCommandFactory(transaction=row, expiry=True)

    @pytest.mark.parametrize("field", COMMAND_IMMUTABLE)
    def test_never_changes_what_was_asked(self, field):
        row = TransactionCommandFactory(type="reverse", amount=1, reason="x")

        with pytest.raises(DatabaseError, match="transaction_command"):
            change_command(row, **{field: COMMAND_IMMUTABLE[field]})

    def test_never_changes_whose_it_is(self, bob):
        row = TransactionCommandFactory()

        for members in ({"requested_by": bob}, {"transaction": TransactionRequestFactory()}):
            with pytest.raises(DatabaseError, match="transaction_command"):
                change_command(row, **members)

    def test_is_never_deleted(self):
        row = TransactionCommandFactory()

        with pytest.raises(DatabaseError, match="transaction_command"), transaction.atomic():
            TransactionCommand.objects.filter(id=row.id).delete()

    @pytest.mark.parametrize("settled", ["applied", "rejected"])
    def test_is_settled_once(self, settled):
        row = TransactionCommandFactory(**{settled: True})
        other = {
            "applied": {"status": "rejected", "rejection_code": "x", "applied_amount": None},
            "rejected": {"status": "applied", "rejection_code": None, "applied_amount": 1},
        }
        pending = {"rejection_code": None, "applied_amount": None, "settled_at": None}
        for members in (other[settled], {"status": "pending"} | pending):
            with pytest.raises(DatabaseError, match="Invalid transition"):
                change_command(row, **members)
