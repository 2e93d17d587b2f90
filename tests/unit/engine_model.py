"""
A ledger that is too simple to be wrong: a list of facts, read from its beginning each time.

It keeps no balance and no state of anything; both are what the facts come to.
"""

from collections.abc import Iterator
from typing import NamedTuple

from transactions.ledger.engine import Capture, Command, Create, Expire, Reverse, Void
from transactions.ledger.engine.accounts import TOTAL_MAX


class Fact(NamedTuple):
    """A command and what was said to it; `amount` is what it moved or set aside."""

    command: Command
    code: str
    amount: int


class NaiveLedger:
    """Facts, the status of wallets that are not open, and what was on accounts at first."""

    def __init__(self, currencies, opening) -> None:
        self.currencies = currencies
        self.opening = opening
        self.statuses = {}
        self.facts = []

    def hear(self, command) -> str:
        """Judge a command, remember it, and say the code of the refusal or nothing."""
        code = self.refusal(command)
        self.facts.append(Fact(command, code, 0 if code else self.amount(command)))
        return code

    # What the facts come to.

    def create(self, transaction_id) -> Fact | None:
        for fact in self.facts:
            if isinstance(fact.command, Create) and fact.command.transaction_id == transaction_id:
                return fact
        return None

    def is_child(self, transaction_id) -> bool:
        return any(
            not isinstance(fact.command, Create) and fact.command.command_id == transaction_id
            for fact in self.facts
        )

    def done(self, kind, transaction_id) -> list[Fact]:
        return [
            fact
            for fact in self.facts
            if isinstance(fact.command, kind)
            and fact.command.transaction_id == transaction_id
            and not fact.code
        ]

    def captured(self, transaction_id) -> int:
        created = self.create(transaction_id)
        if created.code:
            return 0
        if created.command.hold_expires_at is None:
            return created.amount
        return sum(fact.amount for fact in self.done(Capture, transaction_id))

    def reversed(self, transaction_id) -> int:
        return sum(fact.amount for fact in self.done(Reverse, transaction_id))

    def state(self, transaction_id) -> str:
        if self.create(transaction_id).code:
            return "rejected"
        if self.done(Void, transaction_id):
            return "voided"
        if self.done(Expire, transaction_id):
            return "expired"
        captured, back = self.captured(transaction_id), self.reversed(transaction_id)
        if captured == 0:
            return "authorised"
        if back == 0:
            return "posted"
        return "reversed" if back == captured else "partially_reversed"

    def moved(self) -> Iterator[tuple]:
        """Every amount that went from one account to another."""
        for fact in self.facts:
            command = fact.command
            if fact.code or isinstance(command, Void | Expire):
                continue
            if isinstance(command, Create):
                if command.hold_expires_at is None:
                    yield command.debit, command.credit, fact.amount
                continue
            of = self.create(command.transaction_id).command
            if isinstance(command, Capture):
                yield of.debit, of.credit, fact.amount
            else:
                yield of.credit, of.debit, fact.amount

    def held(self) -> Iterator[tuple]:
        """Every amount that is set aside for another account."""
        for command, code, amount in self.facts:
            is_hold = isinstance(command, Create) and command.hold_expires_at is not None
            if is_hold and not code and self.state(command.transaction_id) == "authorised":
                yield command.debit, command.credit, amount

    def totals(self, key) -> tuple[int, int, int, int]:
        """Debits and credits posted, debits and credits pending."""
        moved, held, opening = list(self.moved()), list(self.held()), self.opening.get(key, 0)
        return (
            opening + sum(amount for debit, _, amount in moved if debit == key),
            opening + sum(amount for _, credit, amount in moved if credit == key),
            sum(amount for debit, _, amount in held if debit == key),
            sum(amount for _, credit, amount in held if credit == key),
        )

    def amount(self, command) -> int:
        """What a command that may be done moves or sets aside."""
        if command.amount is not None:
            return command.amount
        if isinstance(command, Reverse):
            return self.captured(command.transaction_id) - self.reversed(command.transaction_id)
        return self.create(command.transaction_id).amount

    # The rules.

    def refusal(self, command) -> str:
        if isinstance(command, Create):
            return self.create_refusal(command)
        created = self.create(command.transaction_id)
        child_of = self.is_child(command.transaction_id)
        if not (created or child_of) or command.source.stream != self.stream(command):
            return "transaction_unknown"
        if isinstance(command, Reverse):
            return "not_reversible" if child_of else self.reverse_refusal(command, created.command)
        return "not_authorised" if child_of else self.hold_refusal(command, created)

    def stream(self, command):
        for fact in self.facts:
            if fact.command.recorded_as == command.transaction_id:
                return fact.command.source.stream
        return None

    def create_refusal(self, command) -> str:
        if command.currency not in self.currencies:
            return "currency_unsupported"
        return self.movement_refusal(
            command.debit,
            command.credit,
            command.amount,
            layer=0 if command.hold_expires_at is None else 2,
            spends=True,
        )

    def hold_refusal(self, command, created) -> str:
        state = self.state(command.transaction_id)
        if state != "authorised":
            return {
                "rejected": "not_authorised",
                "voided": "already_voided",
                "expired": "hold_expired",
            }.get(state, "already_captured")
        is_late = command.accepted_at >= created.command.hold_expires_at
        if isinstance(command, Expire):
            return "" if is_late else "hold_not_expired"
        if is_late:
            return "hold_expired"
        if isinstance(command, Void):
            return ""
        if self.amount(command) > created.amount:
            return "exceeds_hold"
        of = created.command
        return self.movement_refusal(
            of.debit, of.credit, self.amount(command), layer=0, spends=False
        )

    def reverse_refusal(self, command, of) -> str:
        if self.state(command.transaction_id) in {"rejected", "authorised", "voided", "expired"}:
            return "not_reversible"
        left = self.captured(command.transaction_id) - self.reversed(command.transaction_id)
        if left == 0 or self.amount(command) > left:
            return "exceeds_original"
        return self.movement_refusal(
            of.credit, of.debit, self.amount(command), layer=0, spends=True
        )

    def movement_refusal(self, debit, credit, amount, *, layer, spends) -> str:
        debits = self.totals(debit)
        if self.statuses.get(debit):
            return f"account_{self.statuses[debit]}"
        available = debits[1] - debits[0] - debits[2]
        if spends and debit.owner is not None and amount > available:
            return "insufficient_funds"
        if debits[layer] + amount > TOTAL_MAX:
            return "balance_limit_exceeded"
        if self.statuses.get(credit) == "closed":
            return "account_closed"
        return (
            "balance_limit_exceeded" if self.totals(credit)[layer + 1] + amount > TOTAL_MAX else ""
        )
