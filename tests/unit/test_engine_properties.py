"""The engine against a model that is too simple to be wrong."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.money import AMOUNT_MAX
from tests.factories.commands import (
    DepositFactory,
    HouseStateFactory,
    TransferFactory,
    WalletStateFactory,
    WithdrawalFactory,
)
from transactions.ledger.engine import decide

USERS = [UUID(int=n) for n in range(1, 5)]
CURRENCIES = ["EUR", "JPY", "KWD"]

users = st.sampled_from(USERS)
amounts = st.one_of(st.integers(1, 20), st.sampled_from([AMOUNT_MAX - 1, AMOUNT_MAX]))
currencies = st.sampled_from([*CURRENCIES, "XXX"])


@st.composite
def transfers(draw):
    payer, receiver = draw(st.permutations(USERS))[:2]
    return TransferFactory(
        payer=payer, receiver=receiver, amount=draw(amounts), currency=draw(currencies)
    )


deposits = st.builds(DepositFactory, owner=users, amount=amounts, currency=currencies)
withdrawals = st.builds(WithdrawalFactory, payer=users, amount=amounts, currency=currencies)
batches = st.lists(st.one_of(transfers(), deposits, withdrawals), max_size=60)
statuses = st.dictionaries(
    st.tuples(users, st.sampled_from(CURRENCIES)), st.sampled_from(["frozen", "closed"]), max_size=2
)


def opened(status_by_wallet):
    wallets = [
        WalletStateFactory(
            owner=user, currency=currency, status=status_by_wallet.get((user, currency), "open")
        )
        for user in USERS
        for currency in CURRENCIES
    ]
    house = [HouseStateFactory(currency=currency) for currency in CURRENCIES]
    return {state.key: state for state in [*wallets, *house]}


class NaiveBank:
    """Balances in a dictionary and the rules in the order in which one would tell them."""

    def __init__(self, status_by_wallet) -> None:
        self.balances = Counter()
        self.statuses = status_by_wallet

    def judge(self, command):
        payer = None if command.kind == "deposit" else command.debit.owner
        receiver = None if command.kind == "withdrawal" else command.credit.owner
        code = self.refusal(payer, receiver, command)
        if code == "":
            self.balances[payer, command.currency] -= command.amount
            self.balances[receiver, command.currency] += command.amount
        return code

    def refusal(self, payer, receiver, command):
        if command.currency not in CURRENCIES:
            return "currency_unsupported"
        payer_status = self.statuses.get((payer, command.currency))
        if payer_status is not None:
            return f"account_{payer_status}"
        if payer is not None and self.balances[payer, command.currency] < command.amount:
            return "insufficient_funds"
        if self.statuses.get((receiver, command.currency)) == "closed":
            return "account_closed"
        return ""


@given(batch=batches, status_by_wallet=statuses)
def test_decides_as_the_naive_bank_does(batch, status_by_wallet):
    bank = NaiveBank(status_by_wallet)

    decisions = decide(accounts=opened(status_by_wallet), transactions={}, commands=batch)

    assert [one.code for one in decisions.outcomes] == [bank.judge(one) for one in batch]
    for state in decisions.accounts:
        balance = state.credits_posted - state.debits_posted
        assert balance == bank.balances[state.key.owner, state.key.currency]


@given(batch=batches, status_by_wallet=statuses)
def test_keeps_the_books_balanced_and_no_wallet_below_zero(batch, status_by_wallet):
    decisions = decide(accounts=opened(status_by_wallet), transactions={}, commands=batch)

    for outcome in decisions.outcomes:
        signed = [leg.amount if leg.direction == "debit" else -leg.amount for leg in outcome.legs]
        assert sum(signed) == 0
        assert bool(outcome.legs) == (outcome.state == "posted") == (outcome.code == "")
        assert {leg.account.key.currency for leg in outcome.legs} <= {outcome.command.currency}
        assert all(leg.balance_after is None or leg.balance_after >= 0 for leg in outcome.legs)
    assert all(state.available >= 0 for state in decisions.accounts if state.is_wallet)


@given(batch=batches, status_by_wallet=statuses)
def test_changes_totals_by_exactly_the_legs(batch, status_by_wallet):
    decisions = decide(accounts=opened(status_by_wallet), transactions={}, commands=batch)

    sums = Counter()
    for outcome in decisions.outcomes:
        for leg in outcome.legs:
            sums[leg.account.key, leg.direction] += leg.amount
    changed = {(state.key, "debit"): state.debits_posted for state in decisions.accounts}
    changed |= {(state.key, "credit"): state.credits_posted for state in decisions.accounts}
    assert {key: total for key, total in changed.items() if total} == dict(sums)


@given(batch=batches, status_by_wallet=statuses, cut=st.integers(0, 60))
def test_decides_the_same_however_the_commands_are_batched(batch, status_by_wallet, cut):
    accounts = opened(status_by_wallet)
    whole = decide(accounts=accounts, transactions={}, commands=batch)

    first = decide(accounts=accounts, transactions={}, commands=batch[:cut])
    between = {**accounts, **{state.key: state for state in first.accounts}}
    second = decide(accounts=between, transactions={}, commands=batch[cut:])

    told = [(one.code, [leg[1:] for leg in one.legs]) for one in whole.outcomes]
    halves = [*first.outcomes, *second.outcomes]
    assert [(one.code, [leg[1:] for leg in one.legs]) for one in halves] == told
