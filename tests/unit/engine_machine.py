"""A machine of commands that Hypothesis drives against the engine and a naive ledger at once."""

from collections import Counter
from datetime import timedelta
from itertools import count
from typing import ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
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

creations = st.fixed_dictionaries(
    {
        "factory": st.sampled_from([TransferFactory, TransferFactory, WithdrawalFactory]),
        "people": st.one_of(*[st.permutations(USERS)] * 4, st.permutations([*USERS, FULL])),
        "currency": st.sampled_from([*CURRENCIES * 5, "XXX"]),
        "amount": st.integers(1, 20),
        "hold_expires_at": st.sampled_from([DEADLINE, DEADLINE, None]),
    }
)
deposits = st.fixed_dictionaries(
    {
        "factory": st.just(DepositFactory),
        "people": st.permutations([*USERS, FULL]),
        "currency": st.sampled_from(CURRENCIES),
        "amount": st.integers(1, 20),
        "hold_expires_at": st.sampled_from([DEADLINE, None]),
    }
)
parts = st.one_of(st.none(), st.integers(1, 12))
moments = st.sampled_from(
    [
        *[DEADLINE - timedelta(days=1)] * 4,
        DEADLINE - timedelta(microseconds=1),
        DEADLINE,
        DEADLINE + timedelta(hours=1),
    ]
)
follow_ups = st.one_of(
    st.fixed_dictionaries(
        {"factory": st.just(CaptureFactory), "amount": parts, "accepted_at": moments}
    ),
    st.fixed_dictionaries({"factory": st.just(VoidFactory), "accepted_at": moments}),
    st.fixed_dictionaries({"factory": st.just(ExpireFactory), "accepted_at": moments}),
    st.fixed_dictionaries({"factory": st.just(ReverseFactory), "amount": parts}),
)
targets = st.sampled_from([*["original"] * 16, "child", "child", "stranger's", "nobody's"])


class LedgerMachine(RuleBasedStateMachine):
    """
    Commands in batches of any size, and staff who freeze and close wallets between them.

    Hypothesis leaves whole rules out of most sequences, so each rule alone makes the ledger
    move. `seen` counts decisions by code over all sequences.
    """

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.ids = (UUID(int=number) for number in count(10_000))
        self.store = Store()
        self.model = NaiveLedger(CURRENCIES, OPENING)
        self.originals = []
        self.children = []
        self.waiting = []
        self.history = []
        self.outcomes = []

    @initialize()
    def fund(self):
        for owner in USERS[1:]:  # an empty wallet can be closed
            for currency in CURRENCIES:
                self.create(DepositFactory, [owner], currency=currency, amount=40)

    @rule(
        new=st.one_of(creations, creations, deposits),
        also=st.lists(st.tuples(follow_ups, targets, st.integers(0, 7)), max_size=3),
        waits=st.booleans(),
    )
    def ask(self, new, also, waits):
        """Something new, and things about what is there, this one or an earlier one."""
        self.create(**new)
        for follow_up, target, back in also:
            self.follow(target, back, **follow_up)
        if not waits:
            self.flush()

    @rule(follow_up=follow_ups, back=st.integers(0, 7), waits=st.booleans())
    def ask_twice(self, follow_up, back, waits):
        """The same about the same transaction, at once."""
        self.follow("original", back, **follow_up)
        self.follow("original", back, **follow_up)
        if not waits:
            self.flush()

    @rule(
        owner=st.sampled_from(USERS),
        status=st.sampled_from(["open", "frozen", "closed"]),
        new=creations,
        follow_up=follow_ups,
    )
    def change_status(self, owner, status, new, follow_up):
        """Staff freeze or close a wallet, and things are asked after that."""
        self.flush()
        key = AccountKey.wallet(owner, CURRENCIES[0])
        account = self.store.accounts[key]
        is_in_use = account.credits_posted > account.debits_posted or account.debits_pending
        if account.status != "closed" and not (status == "closed" and is_in_use):
            account.status = status
            self.history.append(StatusChange(key, status))
            self.model.statuses[key] = None if status == "open" else status
        self.create(**new)
        self.follow("original", 1, **follow_up)

    def create(self, factory, people, **members):
        parties = dict(zip(PARTIES[factory], people, strict=False))
        command = factory(
            transaction_id=next(self.ids), requested_by=people[0], **parties, **members
        )
        self.originals.append(command)
        self.waiting.append(command)

    def follow(self, target, back, *, factory, **members):
        """Ask something about the original or the child that is so many back."""
        choice = self.children if target == "child" and self.children else self.originals
        of = choice[-1 - back % len(choice)]
        command = factory(
            command_id=next(self.ids),
            transaction_id=NOBODYS if target == "nobody's" else of.recorded_as,
            stream=NOBODYS if target == "stranger's" else of.source.stream,
            **members,
        )
        self.children.append(command)
        self.waiting.append(command)

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
