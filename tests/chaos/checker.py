"""
Holds what clients were told against both databases; it shares no code with the services.

Each check is a query that must find nothing; what it finds is the evidence. The numbers are
those of the invariants in the project's list.
"""

import os
import time
from collections.abc import Iterable, Sequence
from datetime import datetime

import psycopg

from tests.chaos.workload import Entry

DRAIN_WITHIN_S = 60
PAUSE_S = 0.2
EVIDENCE_MAX = 10


def _query(service: str, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    url = os.environ[f"{service.upper()}_MIGRATION_DATABASE_URL"]
    with psycopg.connect(url) as connection:
        return connection.execute(statement, parameters).fetchall()


def violations(journal: Sequence[Entry], *, since: datetime) -> dict[str, list[object]]:
    """
    Wait until the system has come to rest, and return every invariant that does not hold.

    Empty when all is well; else each with what shows it. Dead letters older than `since` are
    not ours.
    """
    deadline = time.monotonic() + DRAIN_WITHIN_S
    while found := _violations(journal, since):
        if time.monotonic() > deadline:
            break
        time.sleep(PAUSE_S)
    return found


def _violations(journal: Sequence[Entry], since: datetime) -> dict[str, list[object]]:
    found = {
        "I1 accepted but lost": _lost(journal),
        "I2 the services disagree": _disagreements(),
        "I3 one key, two transactions": _doubles(),
        "I4 postings do not balance": _unbalanced(),
        "I5 balance is not the sum of postings": _wrong_balances(),
        "I6 more than one ledger transaction or outcome": _double_effects(),
        "I7 gaps in a stream": [*_gaps("users"), *_gaps("transactions")],
        "I8 dead or waiting events": [
            *_set_aside("users", since),
            *_set_aside("transactions", since),
        ],
        "I11 still open": _open(),
    }
    return {name: evidence[:EVIDENCE_MAX] for name, evidence in found.items() if evidence}


def _open() -> list[object]:
    unpublished = "SELECT type, stream, sequence FROM outbox_message WHERE published_at IS NULL"
    return [
        *_query("users", "SELECT id FROM transaction_request WHERE status = 'pending'"),
        *_query("users", unpublished),
        *_query("transactions", unpublished),
    ]


def _lost(journal: Iterable[Entry]) -> list[object]:
    known = {
        (str(row[0]), str(row[1]), str(row[2]))
        for row in _query(
            "users",
            "SELECT requested_by_id, idempotency_key, id FROM transaction_request",
        )
    }
    return [e for e in journal if (e.asker, e.key, e.transaction_id) not in known]


def _disagreements() -> list[object]:
    accepted = dict(_query("users", "SELECT id, status FROM transaction_request"))
    decided = dict(_query("transactions", "SELECT id, state FROM ledger_transaction"))
    return [
        (key, accepted.get(key), decided.get(key))
        for key in accepted.keys() | decided.keys()
        if accepted.get(key) != decided.get(key)
    ]


def _doubles() -> list[object]:
    return [
        *_query(
            "users",
            "SELECT requested_by_id, idempotency_key FROM transaction_request"
            " GROUP BY 1, 2 HAVING count(*) > 1",
        )
    ]


def _unbalanced() -> list[object]:
    return [
        *_query(
            "transactions",
            "SELECT transaction_id FROM ledger_posting GROUP BY 1"
            " HAVING sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) <> 0",
        )
    ]


def _wrong_balances() -> list[object]:
    return [
        *_query(
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
                OR (account.owner IS NOT NULL
                    AND account.credits_posted < account.debits_posted)
            """,
        )
    ]


def _double_effects() -> list[object]:
    outcomes = "('transaction_posted.v1', 'transaction_rejected.v1')"
    return [
        *_query(
            "transactions",
            f"SELECT subject FROM outbox_message WHERE type IN {outcomes}"  # noqa: S608  a literal
            " GROUP BY 1 HAVING count(*) > 1",
        ),
        *_query(
            "transactions",
            "SELECT transaction_id FROM ledger_journal_entry GROUP BY 1 HAVING count(*) > 1",
        ),
    ]


def _gaps(service: str) -> list[object]:
    """Sequences are 1 to n without gaps, and the other side has applied every one of them."""
    peer = {"users": "transactions", "transactions": "users"}[service]
    sent = _query(
        service,
        "SELECT stream, count(*), min(sequence), max(sequence) FROM outbox_message GROUP BY stream",
    )
    applied = dict(_query(peer, "SELECT stream, last_sequence FROM inbox_cursor"))
    return [
        (service, stream, count, first, last, applied.get(stream))
        for stream, count, first, last in sent
        if not (first == 1 and count == last == applied.get(stream))
    ]


def _set_aside(service: str, since: datetime) -> list[object]:
    statement = "SELECT state, type, error FROM inbox_waiting WHERE received_at >= %s"
    return [*_query(service, statement, since)]
