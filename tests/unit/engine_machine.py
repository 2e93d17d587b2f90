"""A machine of commands that Hypothesis drives against the engine and a naive ledger at once."""

from collections import Counter
from datetime import timedelta
from itertools import count
from typing import ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

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
from tests.unit.engine_history import (
    StatusChange,
    assert_is_whole,
    at_once,
    one_by_one,
    replayed,
)
from tests.unit.engine_model import NaiveLedger
from tests.unit.engine_store import CURRENCIES, FULL, OPENING, USERS, Store, all_totals, told
from transactions.ledger.engine import AccountKey

NOBODYS = UUID(int=1_000_000)
PARTIES = {
    TransferFactory: ("payer", "receiver"),
    WithdrawalFactory: ("payer",),
    DepositFactory: ("owner",),
}

movements = st.tuples(
    st.sampled_from([TransferFactory, TransferFactory, WithdrawalFactory, DepositFactory]),
    st.permutations([*USERS, FULL]),
    st.sampled_from([*CURRENCIES * 4, "XXX"]),
    st.integers(1, 20),
)
parts = st.one_of(st.none(), st.integers(1, 12))
senders = st.sampled_from([*["owner"] * 14, "stranger", "lost"])
moments = st.sampled_from(
    [
        *[DEADLINE - timedelta(days=1)] * 3,
        DEADLINE - timedelta(microseconds=1),
        DEADLINE,
        DEADLINE + timedelta(hours=1),
    ]
)


class LedgerMachine(RuleBasedStateMachine):
    """
    Commands in batches of any size, and staff who freeze and close wallets between them.

    `seen` counts decisions by code over all sequences.
    """

    seen: ClassVar[Counter[str]] = Counter()

    payments = Bundle("payments")
    holds = Bundle("holds")
    children = Bundle("children")

    def __init__(self) -> None:
        super().__init__()
        self.ids = (UUID(int=number) for number in count(10_000))
        self.store = Store()
        self.model = NaiveLedger(CURRENCIES, OPENING)
        self.waiting = []
        self.history = []
        self.outcomes = []
        self.streams = {}

    @initialize(target=payments)
    def fund(self):
        deposits = [
            DepositFactory(
                transaction_id=next(self.ids),
                owner=user,
                currency=code,
                amount=40,
                requested_by=user,
            )
            for user in USERS
            for code in CURRENCIES
        ]
        return multiple(*[self.submit(deposit, waits=True) for deposit in deposits])

    @rule(target=payments, movement=movements, waits=st.booleans())
    def pay(self, movement, waits):
        return self.create(movement, waits=waits)

    @rule(target=holds, movement=movements, waits=st.booleans())
    def hold(self, movement, waits):
        return self.create(movement, waits=waits, hold_expires_at=DEADLINE)

    @rule(
        target=children,
        of=st.one_of(holds, holds, holds, payments, children),
        sender=senders,
        at=moments,
        amount=parts,
        waits=st.booleans(),
    )
    def capture(self, of, sender, at, amount, waits):
        return self.follow_up(CaptureFactory, of, sender, waits, accepted_at=at, amount=amount)

    @rule(
        target=children,
        factory=st.sampled_from([VoidFactory, ExpireFactory]),
        of=st.one_of(holds, holds, holds, payments, children),
        sender=senders,
        at=moments,
        waits=st.booleans(),
    )
    def release(self, factory, of, sender, at, waits):
        return self.follow_up(factory, of, sender, waits, accepted_at=at)

    @rule(
        target=children,
        of=st.one_of(holds, holds, payments, payments, children),
        sender=senders,
        amount=parts,
        waits=st.booleans(),
    )
    def reverse(self, of, sender, amount, waits):
        return self.follow_up(ReverseFactory, of, sender, waits, amount=amount)

    @rule(
        owner=st.sampled_from(USERS),
        currency=st.sampled_from(CURRENCIES),
        status=st.sampled_from(["open", "open", "frozen", "closed"]),
    )
    def change_status(self, owner, currency, status):
        self.flush()
        key = AccountKey.wallet(owner, currency)
        account = self.store.accounts[key]
        is_in_use = account.credits_posted > account.debits_posted or account.debits_pending
        if account.status == "closed" or (status == "closed" and is_in_use):
            return
        self.history.append(StatusChange(key, status))
        account.status = status
        self.model.statuses[key] = None if status == "open" else status

    def create(self, movement, *, waits, **members):
        factory, people, currency, amount = movement
        command = factory(
            transaction_id=next(self.ids),
            currency=currency,
            amount=amount,
            requested_by=people[0],
            **dict(zip(PARTIES[factory], people, strict=False)),
            **members,
        )
        return self.submit(command, waits=waits)

    def follow_up(self, factory, of, sender, waits, **members):
        stream = self.streams[of]
        command = factory(
            command_id=next(self.ids),
            transaction_id=NOBODYS if sender == "lost" else of,
            stream=NOBODYS if sender == "stranger" else stream,
            **members,
        )
        return self.submit(command, waits=waits)

    def submit(self, command, *, waits):
        self.streams[command.recorded_as] = command.source.stream
        self.waiting.append(command)
        if not waits:
            self.flush()
        return command.recorded_as

    def flush(self):
        """Decide what waits as one batch, and hold it against what the model says."""
        commands, self.waiting = self.waiting, []
        if not commands:
            return
        outcomes = self.store.apply(commands)
        self.history.append(commands)
        self.outcomes += outcomes
        assert [outcome.code for outcome in outcomes] == [self.model.hear(one) for one in commands]
        for outcome in outcomes:
            assert_is_whole(outcome)
            type(self).seen[outcome.code] += 1

    @invariant()
    def debits_are_credits(self):
        for code in CURRENCIES:
            ours = [all_totals(s) for k, s in self.store.accounts.items() if k.currency == code]
            debits_posted, credits_posted, debits_pending, credits_pending = map(
                sum, zip(*ours, strict=True)
            )
            assert (debits_posted, debits_pending) == (credits_posted, credits_pending)

    @invariant()
    def nothing_is_below_zero(self):
        for state in self.store.accounts.values():
            assert min(all_totals(state)) >= 0
            assert not state.is_wallet or state.available >= 0

    @invariant()
    def totals_are_what_the_legs_come_to(self):
        legs = self.store.legs
        for key, state in self.store.accounts.items():
            debits, credited, *pending = all_totals(state)
            assert debits == OPENING.get(key, 0) + legs[key, "debit", "posted"]
            assert credited == OPENING.get(key, 0) + legs[key, "credit", "posted"]
            assert pending[0] - pending[1] == (
                legs[key, "debit", "pending"] - legs[key, "credit", "pending"]
            )

    @invariant()
    def a_hold_resolves_once_and_no_more_goes_back_than_moved(self):
        resolved, returned = Counter(), Counter()
        for outcome in self.outcomes:
            if outcome.change is not None:
                resolved[outcome.child.pending_id] += 1
                returned[outcome.child.reverses_id] += outcome.child.amount
        del resolved[None], returned[None]
        assert set(resolved.values()) <= {1}
        for transaction_id, amount in returned.items():
            original = self.store.transactions[transaction_id]
            assert amount == original.reversed_amount <= original.captured_amount

    def teardown(self):
        """Hold everything against what the facts come to, and decide it all again."""
        self.flush()
        for key, state in self.store.accounts.items():
            assert all_totals(state) == self.model.totals(key)
        for state in self.store.transactions.values():
            if not state.is_child:
                assert (state.state, state.captured_amount, state.reversed_amount) == (
                    self.model.state(state.id),
                    self.model.captured(state.id),
                    self.model.reversed(state.id),
                )
        decisions = [told(outcome) for outcome in self.outcomes]
        for batches in (self.history, one_by_one(self.history), at_once(self.history)):
            assert replayed(batches) == decisions
