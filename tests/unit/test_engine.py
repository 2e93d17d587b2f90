import pytest

from common.money import AMOUNT_MAX
from tests.factories.commands import (
    CaptureFactory,
    DepositFactory,
    ExpireFactory,
    HouseStateFactory,
    ReverseFactory,
    TransactionStateFactory,
    TransferFactory,
    VoidFactory,
    WalletStateFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB
from tests.unit.engine_books import ALICES, BOBS, HOUSE, books, by_key, decided, only, told
from transactions.ledger.engine import accounts_touched, transactions_touched
from transactions.ledger.engine.accounts import TOTAL_MAX


class TestAccountsTouched:
    def test_names_both_sides_once(self):
        commands = [TransferFactory(), TransferFactory(), WithdrawalFactory()]

        assert accounts_touched(commands, {}) == {ALICES, BOBS, HOUSE}

    def test_opens_nothing_in_a_currency_that_is_not_supported(self):
        assert accounts_touched([TransferFactory(currency="XXX")], {}) == set()

    @pytest.mark.parametrize(
        "factory", [CaptureFactory, VoidFactory, ExpireFactory, ReverseFactory]
    )
    def test_names_the_parties_of_a_transaction_that_a_command_is_about(self, factory):
        hold = TransactionStateFactory(held=True)

        assert accounts_touched([factory(transaction_id=hold.id)], {hold.id: hold}) == {
            ALICES,
            BOBS,
        }

    def test_opens_nothing_for_a_transaction_that_is_unknown_or_was_refused(self):
        refused = TransactionStateFactory(state="rejected", debit=None, credit=None)
        commands = [CaptureFactory(), CaptureFactory(transaction_id=refused.id)]

        assert accounts_touched(commands, {refused.id: refused}) == set()


class TestTransactionsTouched:
    def test_names_the_originals_of_commands_and_no_new_transactions(self):
        void = VoidFactory()

        assert transactions_touched([TransferFactory(), void, void]) == {void.transaction_id}


class TestDecide:
    def test_moves_a_transfer_from_one_wallet_to_the_other(self):
        decisions = decided(TransferFactory(), accounts=books(alice=1_000, bob=5))

        (outcome,) = decisions.outcomes
        assert (outcome.state, outcome.code, outcome.child, outcome.change) == (
            "posted",
            "",
            None,
            None,
        )
        assert told(outcome) == [
            ("debit", "posted", 250, 750),
            ("credit", "posted", 250, 255),
        ]
        assert {state.key.owner: state.available for state in decisions.accounts} == {
            ALICE: 750,
            BOB: 255,
        }

    def test_tells_no_balance_of_the_house(self):
        outcome = only(DepositFactory())

        assert [leg.balance_after for leg in outcome.legs] == [None, 1_250]

    def test_lets_a_withdrawal_take_everything_and_not_one_unit_more(self):
        commands = [WithdrawalFactory(amount=1_000), WithdrawalFactory(amount=1)]

        first, second = decided(*commands, accounts=books(alice=1_000)).outcomes

        assert first.state == "posted"
        assert (second.state, second.code, second.legs) == (
            "rejected",
            "insufficient_funds",
            (),
        )

    def test_judges_each_command_on_what_those_before_it_left(self):
        spend, fund = TransferFactory(amount=900), DepositFactory(amount=900)

        refused, _ = decided(spend, fund, accounts=books(alice=0)).outcomes
        _, accepted = decided(fund, spend, accounts=books(alice=0)).outcomes

        assert refused.code == "insufficient_funds"
        assert accepted.state == "posted"

    def test_counts_what_is_held_as_not_available(self):
        accounts = books(alice=1_000, debits_pending=800)

        assert only(TransferFactory(), accounts=accounts).code == ("insufficient_funds")

    @pytest.mark.parametrize(
        ("status", "code"), [("frozen", "account_frozen"), ("closed", "account_closed")]
    )
    def test_refuses_to_debit_a_wallet_that_is_not_open(self, status, code):
        outcome = only(TransferFactory(), accounts=books(status=status))

        assert (outcome.state, outcome.code) == ("rejected", code)

    @pytest.mark.parametrize(("status", "code"), [("frozen", ""), ("closed", "account_closed")])
    def test_credits_a_frozen_wallet_but_not_a_closed_one(self, status, code):
        outcome = only(DepositFactory(), accounts=books(status=status))

        assert outcome.code == code

    def test_refuses_a_currency_it_does_not_keep(self):
        outcome = only(TransferFactory(currency="XXX"), accounts={})

        assert outcome.code == "currency_unsupported"

    def test_refuses_what_a_total_cannot_hold(self):
        accounts = books(alice=TOTAL_MAX - AMOUNT_MAX + 1)

        outcome = only(DepositFactory(amount=AMOUNT_MAX), accounts=accounts)

        assert outcome.code == "balance_limit_exceeded"

    def test_refuses_when_the_sum_of_debits_would_not_fit_either(self):
        accounts = by_key(
            WalletStateFactory(debits_posted=TOTAL_MAX - 100, credits_posted=TOTAL_MAX),
            HouseStateFactory(),
        )

        outcome = only(WithdrawalFactory(amount=101), accounts=accounts)

        assert outcome.code == "insufficient_funds"

    def test_leaves_the_accounts_that_it_was_given_as_they_are(self):
        accounts = books()
        before = {key: state.copy() for key, state in accounts.items()}

        decided(TransferFactory(), DepositFactory(), accounts=accounts)

        assert accounts == before

    def test_gives_back_only_accounts_that_changed(self):
        decisions = decided(TransferFactory(), accounts=books(alice=0))

        assert decisions.accounts == []
