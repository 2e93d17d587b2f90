"""What of captures, voids, expiries and reversals is refused, and what that leaves."""

from datetime import timedelta

import pytest

from tests.factories.commands import (
    DEADLINE,
    CaptureFactory,
    DepositFactory,
    ExpireFactory,
    ReverseFactory,
    TransferFactory,
    VoidFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB
from tests.transactions.books import (
    apply,
    balance,
    books_differ,
    code_of,
    standing,
    totals,
    transaction_of,
)
from tests.transactions.test_commands import journal_of, last_event, legs_of
from transactions.ledger.models import Account

pytestmark = pytest.mark.django_db


class TestRefusal:
    def test_is_recorded_and_told_and_changes_nothing(self, hold):
        command = CaptureFactory(transaction_id=hold.transaction_id, amount=251)

        apply(command)

        child = transaction_of(command)
        assert (child.state, child.rejection_code) == ("rejected", "exceeds_hold")
        assert (child.kind, child.amount, child.currency) == ("capture", 251, "EUR")
        assert child.pending_id == hold.transaction_id
        assert legs_of(command) == []
        cause = command.source.event_id
        assert journal_of(command) == [
            ("transaction_rejected", "", "rejected", "exceeds_hold", cause)
        ]
        assert len(journal_of(hold)) == 1
        told = last_event()
        assert (told.TYPE, told.command_id) == (
            "transaction_command_rejected.v1",
            command.command_id,
        )
        assert (told.transaction_id, told.code, told.state) == (
            hold.transaction_id,
            "exceeds_hold",
            "authorised",
        )
        assert standing(hold) == ("authorised", 0, 0)
        assert totals(ALICE) == (1_000, 250, 0)

    @pytest.mark.parametrize(
        "factory", [CaptureFactory, VoidFactory, ExpireFactory, ReverseFactory]
    )
    def test_of_what_the_ledger_does_not_have_is_recorded_too(self, factory):
        command = factory()

        apply(command)

        child = transaction_of(command)
        assert (child.kind, child.rejection_code) == (command.kind, "transaction_unknown")
        assert (child.amount, child.currency, child.pending, child.reverses) == (None,) * 4
        told = last_event()
        assert (told.code, told.state) == ("transaction_unknown", "unknown")

    def test_does_not_tell_a_stream_of_the_transactions_of_another(self, hold):
        command = VoidFactory(transaction_id=hold.transaction_id, stream=BOB)

        apply(command)

        assert code_of(command) == "transaction_unknown"
        assert transaction_of(command).pending is None
        assert standing(hold) == ("authorised", 0, 0)

    def test_of_a_second_void(self, hold):
        second = VoidFactory(transaction_id=hold.transaction_id)
        apply(VoidFactory(transaction_id=hold.transaction_id))

        apply(second)

        assert code_of(second) == "already_voided"
        assert last_event().state == "voided"
        assert totals(ALICE) == (1_000, 0, 0)

    def test_of_a_capture_after_a_void(self, hold):
        capture = CaptureFactory(transaction_id=hold.transaction_id)
        apply(VoidFactory(transaction_id=hold.transaction_id))

        apply(capture)

        assert (code_of(capture), balance(BOB)) == ("already_voided", 0)

    def test_of_a_second_capture(self, hold):
        second = CaptureFactory(transaction_id=hold.transaction_id, amount=50)
        apply(CaptureFactory(transaction_id=hold.transaction_id, amount=200))

        apply(second)

        assert (code_of(second), balance(BOB)) == ("already_captured", 200)

    def test_of_a_capture_after_the_deadline_although_the_sweep_is_late(self, hold):
        late = CaptureFactory(transaction_id=hold.transaction_id, accepted_at=DEADLINE)
        sweep = ExpireFactory(
            transaction_id=hold.transaction_id, accepted_at=DEADLINE + timedelta(hours=1)
        )

        apply(late)
        assert standing(hold) == ("authorised", 0, 0)
        apply(sweep)

        assert (code_of(late), code_of(sweep)) == ("hold_expired", "")
        assert standing(hold) == ("expired", 0, 0)
        assert totals(ALICE) == (1_000, 0, 0)

    def test_of_no_capture_that_was_accepted_in_time(self, hold):
        just = CaptureFactory(
            transaction_id=hold.transaction_id, accepted_at=DEADLINE - timedelta(microseconds=1)
        )

        apply(just)

        assert (code_of(just), balance(BOB)) == ("", 250)

    def test_of_an_expiry_that_is_early(self, hold):
        early = ExpireFactory(
            transaction_id=hold.transaction_id, accepted_at=DEADLINE - timedelta(microseconds=1)
        )

        apply(early)

        assert code_of(early) == "hold_not_expired"
        assert standing(hold) == ("authorised", 0, 0)

    def test_of_the_capture_of_a_refused_hold(self):
        refused = TransferFactory(held=True)
        capture = CaptureFactory(transaction_id=refused.transaction_id)
        apply(refused)

        apply(capture)

        assert (code_of(refused), code_of(capture)) == ("insufficient_funds", "not_authorised")
        assert transaction_of(capture).pending_id == refused.transaction_id

    def test_of_the_reversal_of_a_reversal(self, paid):
        reversal = ReverseFactory(transaction_id=paid.transaction_id, amount=100)
        again = ReverseFactory(transaction_id=reversal.command_id)
        apply(reversal)

        apply(again)

        assert code_of(again) == "not_reversible"
        assert (balance(ALICE), balance(BOB)) == (850, 150)

    def test_of_a_reversal_of_more_than_is_left(self, paid):
        apply(ReverseFactory(transaction_id=paid.transaction_id, amount=200))
        over = ReverseFactory(transaction_id=paid.transaction_id, amount=51)

        apply(over)

        assert code_of(over) == "exceeds_original"
        assert standing(paid) == ("partially_reversed", 250, 200)

    def test_of_a_command_that_comes_after_the_closing(self, paid):
        apply(ReverseFactory(transaction_id=paid.transaction_id))
        again = DepositFactory(owner=BOB, amount=250)
        apply(again, WithdrawalFactory(payer=BOB, amount=250))
        Account.objects.filter(owner=BOB).update(status="closed")
        late = ReverseFactory(transaction_id=again.transaction_id, stream=BOB)

        apply(late)

        assert code_of(late) == "account_closed"
        assert books_differ() == []

    def test_of_a_capture_from_a_frozen_wallet_leaves_the_hold(self, hold):
        Account.objects.filter(owner=ALICE).update(status="frozen")
        capture = CaptureFactory(transaction_id=hold.transaction_id)
        void = VoidFactory(transaction_id=hold.transaction_id)

        apply(capture)
        assert standing(hold) == ("authorised", 0, 0)
        apply(void)

        assert (code_of(capture), code_of(void)) == ("account_frozen", "")
