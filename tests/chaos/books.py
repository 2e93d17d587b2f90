"""Checks of the ledger alone; see `checker`."""

import hashlib
import json
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from tests.chaos.databases import query


def unbalanced() -> list[object]:
    """Transactions and currencies whose postings do not sum to zero (I4)."""
    return [
        *query(
            "transactions",
            """
            SELECT transaction_id, layer FROM ledger_posting GROUP BY 1, 2
            HAVING sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) <> 0
            """,
        ),
        *query(
            "transactions",
            """
            SELECT account.currency FROM ledger_posting
            JOIN ledger_account AS account ON account.id = account_id GROUP BY 1
            HAVING sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) <> 0
            """,
        ),
    ]


def wrong_balances() -> list[object]:
    """Accounts whose totals are not the sums of their postings, or once fell below zero (I5)."""
    return [
        *query(
            "transactions",
            """
            SELECT account.id, account.debits_posted, account.credits_posted,
                sums.debits, sums.credits
            FROM ledger_account AS account LEFT JOIN (
                SELECT account_id,
                    coalesce(sum(amount) FILTER (WHERE direction = 'debit'), 0) AS debits,
                    coalesce(sum(amount) FILTER (WHERE direction = 'credit'), 0) AS credits
                FROM ledger_posting WHERE layer = 'posted' GROUP BY account_id
            ) AS sums ON sums.account_id = account.id
            WHERE account.debits_posted <> coalesce(sums.debits, 0)
                OR account.credits_posted <> coalesce(sums.credits, 0)
            """,
        ),
        *query(
            "transactions",
            """
            SELECT id, running, balance_after FROM (
                SELECT posting.id, balance_after,
                    sum(CASE direction WHEN 'credit' THEN amount ELSE -amount END)
                        OVER (PARTITION BY account_id ORDER BY posting.id) AS running
                FROM ledger_posting AS posting
                JOIN ledger_account AS account ON account.id = account_id
                WHERE layer = 'posted' AND account.owner IS NOT NULL
            ) AS history
            WHERE running < 0 OR running <> balance_after
            """,
        ),
    ]


def double_effects() -> list[object]:
    """Transactions with more or less than one decision or outcome (I6)."""
    return [
        *query(
            "transactions",
            """
            SELECT decided.id, count(entry.sequence) FROM ledger_transaction AS decided
            LEFT JOIN ledger_journal_entry AS entry
                ON entry.transaction_id = decided.id AND entry.from_state = ''
            GROUP BY decided.id HAVING count(entry.sequence) <> 1
            """,
        ),
        *query(
            "transactions",
            """
            SELECT decided.id, count(message.id) FROM ledger_transaction AS decided
            LEFT JOIN outbox_message AS message
                ON message.causation_id = decided.source_event_id::text
                AND starts_with(message.type, 'transaction_')
            GROUP BY decided.id HAVING count(message.id) <> 1
            """,
        ),
        *query(
            "transactions",
            "SELECT stream, sequence FROM outbox_message GROUP BY 1, 2 HAVING count(*) > 1",
        ),
    ]


def out_of_order() -> list[object]:
    """Events that were applied before an earlier one of their stream (I7)."""
    return [
        *query(
            "transactions",
            """
            SELECT stream, source_sequence, before FROM (
                SELECT stream, source_sequence,
                    lag(source_sequence) OVER (PARTITION BY stream ORDER BY entry.sequence)
                        AS before
                FROM ledger_transaction AS decided
                JOIN ledger_journal_entry AS entry
                    ON entry.transaction_id = decided.id AND entry.from_state = ''
            ) AS applied
            WHERE source_sequence <= before
            """,
        )
    ]


def wrong_hashes() -> list[object]:
    """Journal entries whose hash is not that of what the tables say (I10)."""
    rows = query(
        "transactions",
        """
        SELECT entry.sequence, entry.hash, entry.transaction_id, entry.type, entry.from_state,
            entry.to_state, entry.code, entry.actor, entry.cause, entry.recorded_at,
            decided.kind, decided.amount, decided.currency,
            posting.account_id, posting.direction, posting.layer, posting.amount,
            posting.balance_after,
            decided.debit_account_id, decided.credit_account_id, decided.pending_id,
            decided.reverses_id, decided.hold_expires_at, decided.stream, decided.requested_by,
            decided.rejection_code, decided.reference, decided.effective_at, decided.recorded_at,
            decided.source_event_id, decided.source_sequence, decided.source_partition,
            decided.source_offset
        FROM ledger_journal_entry AS entry
        JOIN ledger_transaction AS decided ON decided.id = entry.transaction_id
        LEFT JOIN ledger_posting AS posting ON posting.transaction_id = entry.transaction_id
            AND entry.from_state = ''
        ORDER BY entry.sequence, posting.id
        """,
    )
    wrong: list[object] = []
    for sequence, legs in groupby(rows, key=lambda row: row[0]):
        together = list(legs)
        if bytes(together[0][1]) != _hash_of(together):
            wrong.append(("hash of journal entry", sequence))
    return wrong


def _hash_of(rows: list[tuple[Any, ...]]) -> bytes:
    """SHA-256 as the ledger documents it: a compact JSON array, version first."""
    said, from_state = rows[0][2:13], rows[0][4]
    legs = [row[13:18] for row in rows if row[13] is not None]
    facts = None if from_state else rows[0][18:]
    content = json.dumps(
        [2, *said, legs, facts], default=_text, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(content.encode()).digest()


def _text(value: object) -> str:
    """An id, or a moment in UTC with microseconds, as it is hashed."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
