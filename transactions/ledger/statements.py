"""Statements: what moved a wallet's posted balance, line by line."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)
_LINES_AT_ONCE = 1000


class Place(NamedTuple):
    """
    Where a line stands on its wallet: later batches are later, and ids ascend within one.

    No line has the id 0, so `Place(moment, 0)` is before everything of that moment.
    """

    recorded_at: datetime
    id: int


class Period(NamedTuple):
    """From `start` on and before `end`, in recorded time; None is without a bound."""

    start: datetime | None = None
    end: datetime | None = None


class Line(NamedTuple):
    """
    One posting as its wallet sees it: `amount` in minor units, negative when money goes out.

    `kind` is that of the transaction, and so is `reference`; a command's is its original's.
    """

    place: Place
    transaction_id: UUID
    kind: str
    amount: int
    balance_after: int
    reference: str | None
    effective_at: datetime

    @property
    def recorded_at(self) -> datetime:
        return self.place.recorded_at


class StatementPage(NamedTuple):
    """Some lines, ascending; the balances are those before the first and after the last."""

    opening_balance: int
    closing_balance: int
    lines: Sequence[Line]
    has_more: bool


def statement_page(
    *, account_id: UUID, period: Period, after: Place | None, limit: int
) -> StatementPage:
    """
    The next lines of a wallet's statement: `limit` at most, behind the place `after`.

    New lines are later than all before, so pages neither shift nor overlap.
    """
    behind = _start(period, after)
    found = _lines(account_id, behind, period, limit + 1)
    lines = found[:limit]
    if not lines:
        balance = _balance_at(account_id, behind)
        return StatementPage(balance, balance, lines, has_more=False)
    return StatementPage(
        opening_balance=lines[0].balance_after - lines[0].amount,
        closing_balance=lines[-1].balance_after,
        lines=lines,
        has_more=len(found) > limit,
    )


def statement_lines(*, account_id: UUID, period: Period) -> Iterator[list[Line]]:
    """Every line of a period, ascending, some at once; no transaction is open in between."""
    behind = _start(period, None)
    while True:
        lines = _lines(account_id, behind, period, _LINES_AT_ONCE)
        yield lines
        if len(lines) < _LINES_AT_ONCE:
            return
        behind = lines[-1].place


def _start(period: Period, after: Place | None) -> Place:
    start = Place(period.start or _BEGINNING, 0)
    return start if after is None else max(start, after)


def _lines(account_id: UUID, behind: Place, period: Period, limit: int) -> list[Line]:
    # Cut before the join, so that no plan can join what is not shown.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT posting.recorded_at, posting.id, header.id, header.kind,
                CASE posting.direction WHEN 'credit' THEN posting.amount ELSE -posting.amount END,
                posting.balance_after, coalesce(original.reference, header.reference),
                header.effective_at
            FROM (
                SELECT * FROM ledger_posting
                WHERE account_id = %s AND layer = 'posted'
                    AND (recorded_at, id) > (%s, %s) AND recorded_at < %s
                ORDER BY recorded_at, id LIMIT %s
            ) AS posting
            JOIN ledger_transaction AS header ON header.id = posting.transaction_id
            LEFT JOIN ledger_transaction AS original
                ON original.id = coalesce(header.pending_id, header.reverses_id)
            ORDER BY posting.recorded_at, posting.id
            """,
            [account_id, *behind, period.end or _END, limit],
        )
        return [Line(Place(at, row_id), *rest) for at, row_id, *rest in cursor.fetchall()]


def _balance_at(account_id: UUID, place: Place) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT balance_after FROM ledger_posting
            WHERE account_id = %s AND layer = 'posted' AND (recorded_at, id) <= (%s, %s)
            ORDER BY recorded_at DESC, id DESC LIMIT 1
            """,
            [account_id, *place],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
