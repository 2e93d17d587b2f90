"""
Compute the books again from their postings: every account, every transaction, every currency.

Accounts and transactions are read by pages in one snapshot, so what is posted meanwhile is in
both or neither, and memory does not grow with the books.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from transactions.ledger.snapshot import rows_read, snapshot

_ACCOUNTS_A_PAGE = 200
_TRANSACTIONS_A_PAGE = 2_000
_PAGES_EXTRA = 5
"""Pages of a table hold neighbours, so more are drawn than are needed."""

# A pending leg of a command releases what a hold took, with the directions the other way round;
# any other pending leg is of a hold.
_TOTALS = """
    SELECT account.id,
        ARRAY[debits_posted, credits_posted, debits_pending, credits_pending],
        ARRAY[sums.debits, sums.credits, sums.debits_held, sums.credits_held]
    FROM ledger_account AS account
    CROSS JOIN LATERAL (
        SELECT
            coalesce(sum(posting.amount) FILTER (WHERE layer = 'posted' AND direction = 'debit'), 0)
                AS debits,
            coalesce(sum(posting.amount) FILTER (WHERE layer = 'posted' AND direction = 'credit'),
                0) AS credits,
            coalesce(sum(CASE WHEN releases THEN -posting.amount ELSE posting.amount END)
                FILTER (WHERE layer = 'pending' AND (direction = 'debit') <> releases), 0)
                AS debits_held,
            coalesce(sum(CASE WHEN releases THEN -posting.amount ELSE posting.amount END)
                FILTER (WHERE layer = 'pending' AND (direction = 'credit') <> releases), 0)
                AS credits_held
        FROM ledger_posting AS posting
        LEFT JOIN ledger_transaction AS header
            ON header.id = posting.transaction_id AND posting.layer = 'pending'
        CROSS JOIN LATERAL (
            SELECT header.pending_id IS NOT NULL AS releases
        ) AS meaning
        WHERE posting.account_id = account.id
    ) AS sums
    WHERE account.id = ANY(%s)
"""

# Identities of postings ascend with time on one wallet: whoever posts holds its lock.
_BALANCES_AFTER = """
    SELECT account_id, min(id) FROM (
        SELECT posting.account_id, posting.id, posting.layer, balance_after,
            sum(CASE
                WHEN posting.layer = 'posted' AND direction = 'credit' THEN posting.amount
                WHEN posting.layer = 'posted' THEN -posting.amount
                ELSE 0
            END) OVER running AS posted,
            sum(CASE
                WHEN posting.layer = 'posted' OR (direction = 'credit') <> releases THEN 0
                WHEN releases THEN -posting.amount
                ELSE posting.amount
            END) OVER running AS held
        FROM ledger_posting AS posting
        JOIN ledger_account AS account
            ON account.id = posting.account_id AND account.owner IS NOT NULL
        LEFT JOIN ledger_transaction AS header
            ON header.id = posting.transaction_id AND posting.layer = 'pending'
        CROSS JOIN LATERAL (
            SELECT header.pending_id IS NOT NULL AS releases
        ) AS meaning
        WHERE posting.account_id = ANY(%s)
        WINDOW running AS (PARTITION BY posting.account_id ORDER BY posting.id)
    ) AS leg
    WHERE balance_after IS DISTINCT FROM CASE layer WHEN 'posted' THEN posted ELSE held END
    GROUP BY account_id
"""

_TRANSACTIONS = """
    SELECT header.id, header.state, header.amount, last.to_state,
        legs.number, legs.debits, legs.credits, legs.debits_held, legs.credits_held,
        header.captured_amount, header.reversed_amount,
        CASE
            WHEN header.state = 'rejected' OR header.pending_id IS NOT NULL
                OR header.reverses_id IS NOT NULL THEN 0
            WHEN header.hold_expires_at IS NULL THEN header.amount
            ELSE commands.captured
        END,
        commands.reversed
    FROM ledger_transaction AS header
    CROSS JOIN LATERAL (
        SELECT count(*) AS number,
            coalesce(sum(amount) FILTER (WHERE layer = 'posted' AND direction = 'debit'), 0)
                AS debits,
            coalesce(sum(amount) FILTER (WHERE layer = 'posted' AND direction = 'credit'), 0)
                AS credits,
            coalesce(sum(amount) FILTER (WHERE layer = 'pending' AND direction = 'debit'), 0)
                AS debits_held,
            coalesce(sum(amount) FILTER (WHERE layer = 'pending' AND direction = 'credit'), 0)
                AS credits_held
        FROM ledger_posting AS posting WHERE posting.transaction_id = header.id
    ) AS legs
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0) AS captured,
            coalesce(sum(amount) FILTER (WHERE kind = 'reversal'), 0) AS reversed
        FROM ledger_transaction AS command
        WHERE (command.pending_id = header.id OR command.reverses_id = header.id)
            AND command.state <> 'rejected'
    ) AS commands
    LEFT JOIN LATERAL (
        SELECT to_state FROM ledger_journal_entry AS entry
        WHERE entry.transaction_id = header.id ORDER BY sequence DESC LIMIT 1
    ) AS last ON true
    WHERE header.id = ANY(%s)
"""

_TRIAL_BALANCE = """
    SELECT currency, sum(debits_posted) - sum(credits_posted),
        sum(debits_pending) - sum(credits_pending)
    FROM ledger_account GROUP BY currency ORDER BY currency
"""


class Misfit(NamedTuple):
    """Something that does not follow from the postings; `about` is an id or a currency."""

    what: str
    about: str
    says: str


class LedgerReport(NamedTuple):
    """What was computed again, and how many misfits there were."""

    accounts: int
    transactions: int
    currencies: int
    misfits: int


class TransactionSums(NamedTuple):
    """
    A transaction beside its legs, its last journal entry and its commands; in minor units.

    The last two are what was captured and reversed by what the commands to it say.
    """

    id: UUID
    state: str
    amount: int | None
    told_state: str | None
    legs: int
    debits: int
    credits: int
    debits_held: int
    credits_held: int
    captured: int
    reversed: int
    told_captured: int
    told_reversed: int

    def misfits(self) -> Iterator[str]:
        """What does not fit, in words."""
        if (self.debits, self.debits_held) != (self.credits, self.credits_held):
            yield "debits and credits of its postings differ"
        if self.state == "rejected" and self.legs:
            yield "was refused and has postings"
        # What only holds or releases has nothing on the posted layer.
        moved = self.debits or self.debits_held
        if self.state != "rejected" and moved != self.amount:
            yield f"is about {self.amount} and its postings about {moved}"
        if (self.captured, self.reversed) != (self.told_captured, self.told_reversed):
            yield "says other captured and reversed amounts than its commands"
        if self.state != self.told_state:
            yield f"is {self.state}, and the journal says {self.told_state or 'nothing'}"


def ledger_verify(
    *,
    on_misfit: Callable[[Misfit], None],
    on_done: Callable[[int], None] = lambda _: None,
) -> LedgerReport:
    """Compute everything again; `on_misfit` gets what differs."""
    check = _Check(on_misfit)
    with snapshot():
        for ids in _pages("ledger_account", _ACCOUNTS_A_PAGE):
            check.accounts(ids)
            on_done(len(ids))
        for ids in _pages("ledger_transaction", _TRANSACTIONS_A_PAGE):
            check.transactions(ids)
            on_done(len(ids))
        check.currencies()
    return check.report()


def ledger_sample_verify(
    *, accounts: int, transactions: int, on_misfit: Callable[[Misfit], None]
) -> LedgerReport:
    """Compute some accounts and transactions again, drawn by chance, and every currency."""
    check = _Check(on_misfit)
    with snapshot():
        check.accounts(_drawn("ledger_account", accounts))
        check.transactions(_drawn("ledger_transaction", transactions))
        check.currencies()
    return check.report()


class _Check:
    """Counts what was computed and tells what differs."""

    def __init__(self, on_misfit: Callable[[Misfit], None]) -> None:
        self._on_misfit = on_misfit
        self._counts: Counter[str] = Counter()

    def accounts(self, ids: Sequence[UUID]) -> None:
        self._counts["account"] += len(ids)
        for account_id, stored, computed in rows_read(_TOTALS, [list(ids)]):
            if stored != [int(total) for total in computed]:
                total = "/".join(str(each) for each in stored)
                sums = "/".join(str(each) for each in computed)
                self._tell("account", account_id, f"has totals {total}, its postings {sums}")
        for account_id, posting_id in rows_read(_BALANCES_AFTER, [list(ids)]):
            self._tell("account", account_id, f"has another balance after posting {posting_id}")

    def transactions(self, ids: Sequence[UUID]) -> None:
        self._counts["transaction"] += len(ids)
        for row in rows_read(_TRANSACTIONS, [list(ids)]):
            for says in TransactionSums(*row).misfits():
                self._tell("transaction", row[0], says)

    def currencies(self) -> None:
        for currency, posted, held in rows_read(_TRIAL_BALANCE):
            self._counts["currency"] += 1
            if posted or held:
                self._tell("currency", currency, f"is out of balance by {posted}, held by {held}")

    def report(self) -> LedgerReport:
        return LedgerReport(
            self._counts["account"],
            self._counts["transaction"],
            self._counts["currency"],
            self._counts["misfit"],
        )

    def _tell(self, what: str, about: object, says: str) -> None:
        self._counts["misfit"] += 1
        self._on_misfit(Misfit(what, str(about), says))


def _pages(table: str, size: int) -> Iterator[list[UUID]]:
    """The ids of a table, ascending, page by page."""
    after = UUID(int=0)
    while True:
        ids = [
            one
            for (one,) in rows_read(
                f"SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s",  # noqa: S608  one of two literals
                [after, size],
            )
        ]
        if not ids:
            return
        yield ids
        after = ids[-1]


def _drawn(table: str, sample: int) -> list[UUID]:
    """Ids from pages drawn by chance, so that a large table is not read whole."""
    ((estimate,),) = rows_read(
        "SELECT reltuples FROM pg_class WHERE oid = %s::text::regclass", [table]
    )
    # PostgreSQL's own estimate; it is -1 before the first ANALYZE.
    percent = min(100.0, 100.0 * _PAGES_EXTRA * sample / max(estimate, 1))
    rows = rows_read(
        f"SELECT id FROM {table} TABLESAMPLE SYSTEM (%s) ORDER BY random() LIMIT %s",  # noqa: S608  one of two literals
        [percent, sample],
    )
    return [one for (one,) in rows]
