"""What captures, voids, expiries and reversals write, and what of them is refused."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.ids import uuid7
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
from tests.transactions.test_ledger_apply import events_of
from transactions.ledger.models import Account, JournalEntry, LedgerTransaction, Posting

pytestmark = pytest.mark.django_db


def legs_of(command):
    return [
        (leg.account.owner, leg.direction, leg.layer, leg.amount, leg.balance_after)
        for leg in Posting.objects.filter(transaction=command.recorded_as)
        .select_related("account")
        .order_by("id")
    ]


def journal_of(command):
    return [
        (entry.type, entry.from_state, entry.to_state, entry.code, entry.cause)
        for entry in JournalEntry.objects.filter(transaction=command.recorded_as).order_by(
            "sequence"
        )
    ]


def last_event(stream=ALICE):
    return events_of(stream)[-1]


class TestHold:
    def test_sets_money_aside_without_moving_it(self, hold):
        assert standing(hold) == ("authorised", 0, 0)
        assert transaction_of(hold).hold_expires_at == DEADLINE
        assert (totals(ALICE), totals(BOB)) == ((1_000, 250, 0), (0, 0, 250))
        assert (balance(ALICE), balance(BOB)) == (750, 0)
        assert legs_of(hold) == [
            (ALICE, "debit", "pending", 250, 250),
            (BOB, "credit", "pending", 250, 0),
        ]
        assert journal_of(hold) == [
            ("transaction_authorised", "", "authorised", "", hold.source.event_id)
        ]
        told = last_event()
        assert (told.TYPE, told.transaction_id) == (
            "transaction_authorised.v1",
            hold.transaction_id,
        )
        assert (told.amount, told.currency) == (250, "EUR")
        assert [(leg.direction, leg.layer) for leg in told.postings] == [
            ("debit", "pending"),
            ("credit", "pending"),
        ]
        assert books_differ() == []

    @pytest.mark.usefixtures("hold")
    def test_leaves_for_spending_only_what_is_not_held(self):
        refused, allowed = WithdrawalFactory(amount=751), WithdrawalFactory(amount=750)

        apply(refused, allowed)

        assert (code_of(refused), code_of(allowed)) == ("insufficient_funds", "")
        assert totals(ALICE) == (250, 250, 0)


class TestCapture:
    def test_moves_what_is_captured_and_releases_the_rest(self, hold):
        command = CaptureFactory(transaction_id=hold.transaction_id, amount=200)

        apply(command)

        assert standing(hold) == ("posted", 200, 0)
        child = transaction_of(command)
        assert (child.kind, child.state, child.amount) == ("capture", "posted", 200)
        assert (child.pending_id, child.reverses_id) == (hold.transaction_id, None)
        assert (child.debit_account.owner, child.credit_account.owner) == (ALICE, BOB)
        assert (child.stream, child.requested_by) == (ALICE, ALICE)
        assert (totals(ALICE), totals(BOB)) == ((800, 0, 0), (200, 0, 0))
        assert legs_of(command) == [
            (ALICE, "credit", "pending", 250, 0),
            (BOB, "debit", "pending", 250, 0),
            (ALICE, "debit", "posted", 200, 800),
            (BOB, "credit", "posted", 200, 200),
        ]
        assert books_differ() == []

    def test_stands_in_the_log_of_both(self, hold):
        command = CaptureFactory(transaction_id=hold.transaction_id)

        apply(command)

        cause = command.source.event_id
        assert journal_of(command) == [("transaction_posted", "", "posted", "", cause)]
        assert journal_of(hold)[1:] == [("transaction_posted", "authorised", "posted", "", cause)]

    def test_is_told_as_the_posting_of_its_original(self, hold):
        command = CaptureFactory(transaction_id=hold.transaction_id, amount=200)

        apply(command)

        told = last_event()
        assert (told.TYPE, told.transaction_id) == ("transaction_posted.v1", hold.transaction_id)
        assert (told.command_id, told.amount, told.currency) == (command.command_id, 200, "EUR")
        assert [(leg.direction, leg.layer, leg.amount) for leg in told.postings] == [
            ("credit", "pending", 250),
            ("debit", "pending", 250),
            ("debit", "posted", 200),
            ("credit", "posted", 200),
        ]
        assert told.cause.event_id == command.source.event_id


class TestVoidAndExpiry:
    @pytest.mark.parametrize(
        ("factory", "kind", "state"),
        [(VoidFactory, "void", "voided"), (ExpireFactory, "expiry", "expired")],
    )
    def test_release_the_hold_and_move_nothing(self, hold, factory, kind, state):
        command = factory(transaction_id=hold.transaction_id)

        apply(command)

        assert standing(hold) == (state, 0, 0)
        child = transaction_of(command)
        assert (child.kind, child.state, child.amount) == (kind, "posted", 250)
        assert (child.pending_id, child.requested_by) == (
            hold.transaction_id,
            command.requested_by,
        )
        assert (totals(ALICE), totals(BOB)) == ((1_000, 0, 0), (0, 0, 0))
        assert legs_of(command) == [
            (ALICE, "credit", "pending", 250, 0),
            (BOB, "debit", "pending", 250, 0),
        ]
        told = last_event()
        assert (told.TYPE, told.command_id) == (f"transaction_{state}.v1", command.command_id)
        assert (told.transaction_id, told.amount) == (hold.transaction_id, 250)
        assert journal_of(hold)[-1][:3] == (f"transaction_{state}", "authorised", state)
        assert books_differ() == []


class TestReversal:
    def test_moves_money_back_in_parts_until_nothing_is_left(self, paid):
        part = ReverseFactory(transaction_id=paid.transaction_id, amount=100, requested_by=BOB)
        rest = ReverseFactory(transaction_id=paid.transaction_id)

        apply(part)
        assert standing(paid) == ("partially_reversed", 250, 100)
        apply(rest)

        assert standing(paid) == ("reversed", 250, 250)
        assert (balance(ALICE), balance(BOB)) == (1_000, 0)
        child = transaction_of(rest)
        assert (child.kind, child.state, child.amount) == ("reversal", "posted", 150)
        assert (child.pending_id, child.reverses_id) == (None, paid.transaction_id)
        assert (child.debit_account.owner, child.credit_account.owner) == (BOB, ALICE)
        assert legs_of(rest) == [
            (BOB, "debit", "posted", 150, 0),
            (ALICE, "credit", "posted", 150, 1_000),
        ]
        assert [entry[1:3] for entry in journal_of(paid)] == [
            ("", "posted"),
            ("posted", "partially_reversed"),
            ("partially_reversed", "reversed"),
        ]
        first, second = events_of(ALICE)[-2:]
        assert (first.state, first.amount, first.reversed_amount) == (
            "partially_reversed",
            100,
            100,
        )
        assert (second.state, second.amount, second.reversed_amount) == ("reversed", 150, 250)
        assert second.command_id == rest.command_id
        assert books_differ() == []

    def test_is_refused_when_the_money_is_gone(self, paid):
        apply(WithdrawalFactory(payer=BOB, amount=1))
        command = ReverseFactory(transaction_id=paid.transaction_id)

        apply(command)

        assert code_of(command) == "insufficient_funds"
        assert standing(paid) == ("posted", 250, 0)

    def test_of_a_deposit_takes_it_back_to_the_house(self):
        deposit = DepositFactory(amount=100)
        apply(deposit)

        apply(ReverseFactory(transaction_id=deposit.transaction_id))

        assert standing(deposit) == ("reversed", 100, 100)
        house = Account.objects.get(role="cash_clearing")
        assert (house.debits_posted, house.credits_posted) == (100, 100)


class TestOneBatch:
    def test_holds_captures_and_reverses(self):
        hold = TransferFactory(held=True)
        capture = CaptureFactory(transaction_id=hold.transaction_id, amount=200)
        reversal = ReverseFactory(transaction_id=hold.transaction_id, amount=50)

        apply(DepositFactory(amount=1_000), hold, capture, reversal)

        assert standing(hold) == ("partially_reversed", 200, 50)
        assert (totals(ALICE), totals(BOB)) == ((850, 0, 0), (150, 0, 0))
        assert [entry[1:3] for entry in journal_of(hold)] == [
            ("", "authorised"),
            ("authorised", "posted"),
            ("posted", "partially_reversed"),
        ]
        assert [told.TYPE for told in events_of(ALICE)] == [
            "account_opened.v1",
            "transaction_posted.v1",
            "transaction_authorised.v1",
            "transaction_posted.v1",
            "transaction_reversed.v1",
        ]
        assert books_differ() == []

    def test_captures_and_reverses_an_earlier_hold(self, hold):
        apply(
            CaptureFactory(transaction_id=hold.transaction_id),
            ReverseFactory(transaction_id=hold.transaction_id),
        )

        assert standing(hold) == ("reversed", 250, 250)
        assert (totals(ALICE), totals(BOB)) == ((1_000, 0, 0), (0, 0, 0))

    def test_takes_the_first_of_two_that_exclude_each_other(self, hold):
        void = VoidFactory(transaction_id=hold.transaction_id)
        capture = CaptureFactory(transaction_id=hold.transaction_id)

        apply(void, capture)

        assert (code_of(void), code_of(capture)) == ("", "already_voided")

    def test_refuses_a_command_that_comes_before_its_request(self):
        hold = TransferFactory(held=True)
        capture = CaptureFactory(transaction_id=hold.transaction_id)

        apply(DepositFactory(amount=1_000), capture, hold)

        assert code_of(capture) == "transaction_unknown"
        assert standing(hold) == ("authorised", 0, 0)

    def test_takes_as_many_statements_for_many_commands_as_for_few(self):
        def statements(count):
            holds = [TransferFactory(held=True, payer=uuid7(), amount=9) for _ in range(count)]
            apply(*[DepositFactory(owner=one.requested_by, amount=9) for one in holds], *holds)
            commands = [
                CaptureFactory(stream=one.requested_by, transaction_id=one.transaction_id)
                for one in holds
            ]
            with CaptureQueriesContext(connection) as captured:
                apply(*commands)
            return len(captured)

        assert statements(2) == statements(200) < 20
        assert LedgerTransaction.objects.filter(kind="transfer", state="posted").count() == 202
        assert balance(BOB) == 202 * 9
        assert books_differ() == []
