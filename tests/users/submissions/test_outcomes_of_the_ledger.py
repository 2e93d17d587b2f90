"""
Step 10 of the road: whatever the ledger may decide, users can take.

The outcomes come from the ledger's own engine, which judges random commands: in time and late,
of clients and of staff, about wallets that are frozen or lack the money. They arrive in batches
of any size, and some come again, as after the ledger was put back to a backup.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from uuid import UUID

import msgspec
import pytest

from common.events.contracts import Event
from common.ids import uuid7
from tests.factories.commands import (
    CaptureFactory,
    ExpireFactory,
    HouseStateFactory,
    ReverseFactory,
    TransferFactory,
    VoidFactory,
    WalletStateFactory,
)
from tests.factories.users import (
    NOON,
    TransactionCommandFactory,
    TransactionRequestFactory,
    UserFactory,
)
from tests.users.submissions.test_command_outcomes import (
    authorised,
    captured,
    expired,
    refused,
    reversal,
    voided,
)
from tests.users.submissions.test_outcomes import consume, posted, rejected
from transactions.ledger.engine import Command, Decision, TransactionState, decide
from users.submissions.models import TransactionCommand, TransactionRequest, UnclaimedOutcome

LIVES = 25
REQUESTS = 5
COMMANDS = 40
TYPES = {
    "capture": CaptureFactory,
    "void": VoidFactory,
    "reverse": ReverseFactory,
    "expiry": ExpireFactory,
}


class Life:
    """Some requests of one user, what is done with them, and what the ledger makes of it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  a seed, not a secret
        self.payer, self.receiver = UserFactory(), UserFactory()
        self.rows = [self._request() for _ in range(REQUESTS)]
        wallets = [
            WalletStateFactory(owner=user.id, posted=self.random.choice([300, 5000, 5000]))
            for user in (self.payer, self.receiver)
        ]
        self.accounts = {one.key: one for one in [*wallets, HouseStateFactory()]}
        self.transactions: dict[UUID, TransactionState] = {}
        self.events: list[Event] = []

    def decide(self) -> None:
        """Let the engine judge everything, in batches, while wallets are frozen and not."""
        left = self._commands()
        while left:
            size = self.random.randint(1, 8)
            batch, left = left[:size], left[size:]
            for key in [key for key in self.accounts if key.owner]:
                status = "frozen" if self.random.random() < 0.1 else "open"
                self.accounts[key] = replace(self.accounts[key], status=status)
            made = decide(accounts=self.accounts, transactions=self.transactions, commands=batch)
            self.accounts |= {one.key: one for one in made.accounts}
            self.transactions |= made.created | {one.id: one for one in made.transactions}
            self.transactions |= {one.id: one for one in self._untouched(batch, made.outcomes)}
            self.events += [self._outcome(one) for one in made.outcomes]

    def tell(self) -> None:
        """Let users hear all of it in batches; now and then some of it comes again."""
        at = 0
        while at < len(self.events):
            if self.random.random() < 0.2:
                at = self.random.randint(0, at)
                later = NOON + timedelta(seconds=self.random.randint(2, 99))
                self.events[at:] = [
                    msgspec.structs.replace(event, decided_at=later) for event in self.events[at:]
                ]
            size = self.random.randint(1, 10)
            consume(*self.events[at : at + size], stream=self.payer.id)
            at += size

    def _outcome(self, decision: Decision) -> Event:
        """What the ledger announces."""
        command, child, change = decision.command, decision.child, decision.change
        row = next(one for one in self.rows if one.id == command.transaction_id)
        if child is None:
            told = {"posted": posted, "authorised": authorised}.get(decision.state)
            return told(row) if told else rejected(row, decision.code)
        by = SimpleNamespace(id=command.command_id, transaction_id=row.id)
        if change is None:
            return refused(by, decision.code, child.original_state)
        match child.kind:
            case "capture":
                return captured(row, child.amount, by=by)
            case "void":
                return voided(row, by=by)
            case "expiry":
                return expired(row, by=by)
            case _:
                whole = change.captured_amount
                return reversal(row, child.amount, change.reversed_amount, by=by, whole=whole)

    def _untouched(self, batch: list[Command], outcomes: list) -> list[TransactionState]:
        """Requests that no later command of their batch was about: `created` lacks them."""
        named = {one.transaction_id for one in batch if hasattr(one, "command_id")}
        return [
            TransactionState(
                id=one.command.transaction_id,
                kind=one.command.kind,
                state=one.state,
                stream=one.command.source.stream,
                debit=one.command.debit,
                credit=one.command.credit,
                amount=one.command.amount,
                currency=one.command.currency,
                hold_expires_at=one.command.hold_expires_at,
                captured_amount=one.command.amount if one.state == "posted" else 0,
            )
            for one in outcomes
            if one.child is None and one.command.transaction_id not in named
        ]

    def _request(self) -> TransactionRequest:
        return TransactionRequestFactory(
            user=self.payer,
            kind="transfer",
            counterparty=self.receiver,
            amount=self.random.choice([1, 100, 250, 250]),
            hold=self.random.random() < 0.6,
        )

    def _commands(self) -> list[Command]:
        """Every request, and after it what is done with it, in the order of the stream."""
        when = [(self.random.random() * 0.5, self._create(row)) for row in self.rows]
        born = {one.transaction_id: at for at, one in when}
        for _ in range(COMMANDS):
            row = self.random.choice(self.rows)
            at = self.random.uniform(born[row.id], 1)
            when.append((at, self._command(row, late=self.random.random() < at / 3)))
        return [one for _, one in sorted(when, key=lambda pair: pair[0])]

    def _create(self, row: TransactionRequest) -> Command:
        return TransferFactory(
            transaction_id=row.id,
            payer=self.payer.id,
            receiver=self.receiver.id,
            amount=row.amount,
            hold_expires_at=row.hold_expires_at,
        )

    def _command(self, row: TransactionRequest, *, late: bool) -> Command:
        name = self.random.choice([*TYPES, "reverse", "reverse"])
        accepted_at: datetime = NOON + timedelta(hours=2) if late else NOON
        amount = self.random.choice([None, 1, 1, 40, 40, 249, 251])
        members = {"amount": amount} if name in ("capture", "reverse") else {}
        command_id = uuid7()
        if self.random.random() < 0.7 and not self._has_expiry(row, name):
            TransactionCommandFactory(
                id=command_id, transaction=row, type=name, expiry=name == "expiry", **members
            )
        return TYPES[name](
            command_id=command_id,
            transaction_id=row.id,
            stream=self.payer.id,
            accepted_at=accepted_at,
            **members,
        )

    @staticmethod
    def _has_expiry(row: TransactionRequest, name: str) -> bool:
        return name == "expiry" and row.commands.filter(type="expiry").exists()


def said(one: TransactionRequest | TransactionState) -> SimpleNamespace:
    status = getattr(one, "status", None) or one.state
    return SimpleNamespace(
        status=status, captured=one.captured_amount, reversed=one.reversed_amount
    )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(LIVES))
def test_every_life_that_the_ledger_allows_is_taken_and_agrees(seed):
    life = Life(seed)
    life.decide()

    life.tell()

    for row in life.rows:
        row.refresh_from_db()
        assert said(row) == said(life.transactions[row.id])
    commands = TransactionCommand.objects.filter(transaction__in=life.rows)
    assert not commands.filter(status="pending").exists()
    assert not UnclaimedOutcome.objects.exists()
