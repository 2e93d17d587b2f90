import pytest

from common.money import AMOUNT_MAX
from tests.factories.commands import (
    DepositFactory,
    HouseStateFactory,
    TransferFactory,
    WalletStateFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB
from transactions.ledger.engine import AccountKey, accounts_touched, decide
from transactions.ledger.engine.accounts import TOTAL_MAX


def by_key(*states):
    return {state.key: state for state in states}


def books(*, alice=1_000, bob=0, **alice_members):
    return by_key(
        WalletStateFactory(owner=ALICE, posted=alice, **alice_members),
        WalletStateFactory(owner=BOB, posted=bob),
        HouseStateFactory(),
    )


def only(decisions):
    (outcome,) = decisions.outcomes
    return outcome


class TestAccountsTouched:
    def test_names_both_sides_once(self):
        commands = [TransferFactory(), TransferFactory(), WithdrawalFactory()]

        assert accounts_touched(commands) == {
            AccountKey.wallet(ALICE, "EUR"),
            AccountKey.wallet(BOB, "EUR"),
            AccountKey.system("cash_clearing", "EUR"),
        }

    def test_opens_nothing_in_a_currency_that_is_not_supported(self):
        assert accounts_touched([TransferFactory(currency="XXX")]) == set()


class TestDecide:
    def test_moves_a_transfer_from_one_wallet_to_the_other(self):
        decisions = decide(accounts=books(alice=1_000, bob=5), commands=[TransferFactory()])

        outcome = only(decisions)
        assert (outcome.from_state, outcome.to_state, outcome.code) == ("", "posted", "")
        assert [
            (leg.direction, leg.layer, leg.amount, leg.balance_after) for leg in outcome.legs
        ] == [
            ("debit", "posted", 250, 750),
            ("credit", "posted", 250, 255),
        ]
        assert {state.key.owner: state.available for state in decisions.accounts} == {
            ALICE: 750,
            BOB: 255,
        }

    def test_tells_no_balance_of_the_house(self):
        outcome = only(decide(accounts=books(), commands=[DepositFactory()]))

        assert [leg.balance_after for leg in outcome.legs] == [None, 1_250]

    def test_lets_a_withdrawal_take_everything_and_not_one_unit_more(self):
        commands = [WithdrawalFactory(amount=1_000), WithdrawalFactory(amount=1)]

        first, second = decide(accounts=books(alice=1_000), commands=commands).outcomes

        assert first.to_state == "posted"
        assert (second.to_state, second.code, second.legs) == (
            "rejected",
            "insufficient_funds",
            (),
        )

    def test_judges_each_command_on_what_those_before_it_left(self):
        spend, fund = TransferFactory(amount=900), DepositFactory(amount=900)

        refused, _ = decide(accounts=books(alice=0), commands=[spend, fund]).outcomes
        _, accepted = decide(accounts=books(alice=0), commands=[fund, spend]).outcomes

        assert refused.code == "insufficient_funds"
        assert accepted.to_state == "posted"

    def test_counts_what_is_held_as_not_available(self):
        accounts = books(alice=1_000, debits_pending=800)

        assert only(decide(accounts=accounts, commands=[TransferFactory()])).code == (
            "insufficient_funds"
        )

    @pytest.mark.parametrize(
        ("status", "code"), [("frozen", "account_frozen"), ("closed", "account_closed")]
    )
    def test_refuses_to_debit_a_wallet_that_is_not_open(self, status, code):
        outcome = only(decide(accounts=books(status=status), commands=[TransferFactory()]))

        assert (outcome.to_state, outcome.code) == ("rejected", code)

    @pytest.mark.parametrize(("status", "code"), [("frozen", ""), ("closed", "account_closed")])
    def test_credits_a_frozen_wallet_but_not_a_closed_one(self, status, code):
        outcome = only(decide(accounts=books(status=status), commands=[DepositFactory()]))

        assert outcome.code == code

    def test_refuses_a_currency_it_does_not_keep(self):
        outcome = only(decide(accounts={}, commands=[TransferFactory(currency="XXX")]))

        assert outcome.code == "currency_unsupported"

    def test_refuses_a_hold_as_long_as_it_cannot_keep_one(self):
        outcome = only(decide(accounts=books(), commands=[TransferFactory(capture="manual")]))

        assert outcome.code == "capture_unsupported"

    def test_refuses_what_a_total_cannot_hold(self):
        accounts = books(alice=TOTAL_MAX - AMOUNT_MAX + 1)

        outcome = only(decide(accounts=accounts, commands=[DepositFactory(amount=AMOUNT_MAX)]))

        assert outcome.code == "balance_limit_exceeded"

    def test_refuses_when_the_sum_of_debits_would_not_fit_either(self):
        accounts = by_key(
            WalletStateFactory(debits_posted=TOTAL_MAX - 100, credits_posted=TOTAL_MAX),
            HouseStateFactory(),
        )

        outcome = only(decide(accounts=accounts, commands=[WithdrawalFactory(amount=101)]))

        assert outcome.code == "insufficient_funds"

    def test_leaves_the_accounts_that_it_was_given_as_they_are(self):
        accounts = books()
        before = {key: state.copy() for key, state in accounts.items()}

        decide(accounts=accounts, commands=[TransferFactory(), DepositFactory()])

        assert accounts == before

    def test_gives_back_only_accounts_that_changed(self):
        decisions = decide(accounts=books(alice=0), commands=[TransferFactory()])

        assert decisions.accounts == []
