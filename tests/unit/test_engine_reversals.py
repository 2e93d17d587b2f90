from uuid import UUID

import pytest

from tests.factories.commands import (
    CaptureFactory,
    DepositFactory,
    HouseStateFactory,
    ReverseFactory,
    TransactionStateFactory,
    TransferFactory,
    VoidFactory,
    WalletStateFactory,
    WithdrawalFactory,
)
from tests.factories.events import BOB
from tests.unit.engine_books import ALICES, BOBS, books, by_key, decided, only, told, totals
from transactions.ledger.engine import Change
from transactions.ledger.engine.accounts import TOTAL_MAX

PAYMENT = UUID(int=7)


def payment(**members):
    """2.50 EUR that Alice paid to Bob some time ago."""
    return TransactionStateFactory(id=PAYMENT, **members)


def paid(*, bob=250, **bob_members):
    """The books after that payment."""
    return by_key(
        WalletStateFactory(posted=750), WalletStateFactory(owner=BOB, posted=bob, **bob_members)
    )


def back(**members):
    return ReverseFactory(transaction_id=PAYMENT, **members)


class TestReverse:
    def test_moves_the_money_back(self):
        decisions = decided(back(), accounts=paid(), transactions=[payment()])

        (outcome,) = decisions.outcomes
        assert (outcome.state, outcome.code) == ("posted", "")
        assert told(outcome) == [("debit", "posted", 250, 0), ("credit", "posted", 250, 1_000)]
        assert outcome.change == Change(PAYMENT, "posted", "reversed", 250, 250)
        assert totals(decisions, BOBS) == (250, 250, 0, 0)

    def test_leaves_a_child_with_the_parties_the_other_way_round(self):
        child = only(back(amount=100), accounts=paid(), transactions=[payment()]).child

        assert (child.kind, child.amount, child.currency) == ("reversal", 100, "EUR")
        assert (child.debit, child.credit) == (BOBS, ALICES)
        assert (child.pending_id, child.reverses_id) == (None, PAYMENT)
        assert child.original_state == "partially_reversed"

    def test_goes_on_in_parts_until_everything_is_back(self):
        commands = [back(amount=100), back(amount=100), back()]

        decisions = decided(*commands, accounts=paid(), transactions=[payment()])

        assert [outcome.change for outcome in decisions.outcomes] == [
            Change(PAYMENT, "posted", "partially_reversed", 250, 100),
            Change(PAYMENT, "partially_reversed", "partially_reversed", 250, 200),
            Change(PAYMENT, "partially_reversed", "reversed", 250, 250),
        ]
        assert decisions.outcomes[-1].child.amount == 50
        assert [state.reversed_amount for state in decisions.transactions] == [250]

    @pytest.mark.parametrize("amount", [251, None], ids=["more", "nothing left"])
    def test_of_more_than_moved_is_refused(self, amount):
        given = payment() if amount else payment(state="reversed", reversed_amount=250)

        outcome = only(back(amount=amount), accounts=paid(bob=900), transactions=[given])

        assert (outcome.state, outcome.code, outcome.legs) == ("rejected", "exceeds_original", ())
        assert outcome.child.reverses_id == PAYMENT

    def test_of_a_capture_of_less_goes_up_to_what_was_captured(self):
        captured = payment(captured_amount=100)

        first, second = decided(
            back(amount=101), back(), accounts=paid(), transactions=[captured]
        ).outcomes

        assert (first.code, second.code, second.child.amount) == ("exceeds_original", "", 100)

    def test_takes_no_money_that_is_not_available(self):
        accounts = paid(bob=250, debits_pending=1)

        outcome = only(back(), accounts=accounts, transactions=[payment()])

        assert (outcome.code, outcome.child.original_state) == ("insufficient_funds", "posted")

    @pytest.mark.parametrize(
        ("status", "code"), [("frozen", "account_frozen"), ("closed", "account_closed")]
    )
    def test_takes_nothing_from_a_wallet_that_is_not_open(self, status, code):
        outcome = only(back(), accounts=paid(status=status), transactions=[payment()])

        assert outcome.code == code

    def test_gives_to_a_frozen_wallet_but_not_to_a_closed_one(self):
        codes = {
            status: only(
                back(),
                accounts=by_key(
                    WalletStateFactory(status=status), WalletStateFactory(owner=BOB, posted=250)
                ),
                transactions=[payment()],
            ).code
            for status in ("frozen", "closed")
        }

        assert codes == {"frozen": "", "closed": "account_closed"}

    def test_is_refused_when_a_total_cannot_take_it(self):
        accounts = by_key(
            WalletStateFactory(posted=TOTAL_MAX - 249), WalletStateFactory(owner=BOB, posted=250)
        )

        outcome = only(back(), accounts=accounts, transactions=[payment()])

        assert outcome.code == "balance_limit_exceeded"

    def test_takes_a_deposit_out_again_and_brings_a_withdrawal_back(self):
        deposit, withdrawal = DepositFactory(amount=100), WithdrawalFactory(amount=300)

        decisions = decided(
            deposit,
            withdrawal,
            ReverseFactory(transaction_id=deposit.transaction_id),
            ReverseFactory(transaction_id=withdrawal.transaction_id),
        )

        assert [outcome.code for outcome in decisions.outcomes] == [""] * 4
        assert totals(decisions, ALICES) == (400, 1_400, 0, 0)

    @pytest.mark.parametrize("state", ["authorised", "voided", "expired", "rejected"])
    def test_of_what_did_not_move_is_refused(self, state):
        outcome = only(back(), transactions=[payment(state=state, captured_amount=0)])

        assert (outcome.code, outcome.child.original_state) == ("not_reversible", state)

    @pytest.mark.parametrize("kind", ["capture", "void", "expiry", "reversal"])
    def test_of_a_child_is_refused(self, kind):
        child = payment(kind=kind, captured_amount=0)

        assert only(back(), transactions=[child]).code == "not_reversible"

    def test_of_an_unknown_transaction_is_refused(self):
        outcome = only(back(amount=9))

        assert (outcome.code, outcome.child.amount) == ("transaction_unknown", 9)
        assert (outcome.child.reverses_id, outcome.child.original_state) == (None, "unknown")


class TestRegressions:
    def test_two_reversals_at_once_do_not_give_back_more_than_moved(self):
        decisions = decided(back(), back(), accounts=paid(bob=900), transactions=[payment()])

        assert [outcome.code for outcome in decisions.outcomes] == ["", "exceeds_original"]
        assert totals(decisions, BOBS) == (250, 900, 0, 0)

    def test_reversal_of_a_reversal(self):
        first = back()

        decisions = decided(
            first,
            ReverseFactory(transaction_id=first.command_id),
            accounts=paid(bob=900),
            transactions=[payment()],
        )

        assert [outcome.code for outcome in decisions.outcomes] == ["", "not_reversible"]

    def test_reversal_of_a_capture_in_place_of_its_hold(self):
        create = TransferFactory(held=True)
        capture = CaptureFactory(transaction_id=create.transaction_id)

        outcome = only(create, capture, ReverseFactory(transaction_id=capture.command_id))

        assert outcome.code == "not_reversible"

    def test_reversal_of_a_hold_that_was_voided_in_the_same_batch(self):
        create = TransferFactory(held=True)
        void = VoidFactory(transaction_id=create.transaction_id)

        outcome = only(create, void, ReverseFactory(transaction_id=create.transaction_id))

        assert (outcome.code, outcome.child.original_state) == ("not_reversible", "voided")

    def test_late_commands_after_closing(self):
        deposit = TransactionStateFactory(
            id=PAYMENT, kind="deposit", debit=HouseStateFactory().key, credit=ALICES
        )
        accounts = books(alice=0, status="closed")

        outcomes = decided(
            back(),
            CaptureFactory(transaction_id=PAYMENT),
            TransferFactory(held=True),
            accounts=accounts,
            transactions=[deposit],
        ).outcomes

        assert [outcome.code for outcome in outcomes] == [
            "account_closed",
            "already_captured",
            "account_closed",
        ]
