"""
Holds what clients were told against both databases and the topics; it shares no code with the
services. Each check is named after its invariant and must find nothing; what it finds is the
evidence.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.chaos import books, holds, topics
from tests.chaos.bank import Bank
from tests.chaos.databases import query
from tests.chaos.journal import Journal
from tests.e2e.client import wait_for

DRAIN_WITHIN_S = 180  # reconciliation waits a minute before it sends again
LOOK_S = 0.3
EVIDENCE_MAX = 10
Evidence = list[object]


@dataclass(frozen=True)
class Verdict:
    """An invariant and what contradicts it; it holds when that is empty."""

    invariant: str
    evidence: Evidence

    @property
    def holds(self) -> bool:
        return not self.evidence


def wait_for_rest(*, within_s: float = DRAIN_WITHIN_S) -> float | None:
    """Wait until nothing is under way; after how many seconds, None if never."""
    began = time.monotonic()
    while under_way():
        if time.monotonic() - began > within_s:
            return None
        time.sleep(LOOK_S)
    return time.monotonic() - began


def under_way() -> Evidence:
    """What has not arrived: what is pending, holds about to expire, events on their way."""
    # A hold's end comes by itself: it must not come while the books are looked at.
    expiring = (
        "SELECT id FROM transaction_request WHERE status = 'authorised'"
        " AND hold_expires_at < now() + interval '2 minutes'"
    )
    unpublished = "SELECT type, stream, sequence FROM outbox_message WHERE published_at IS NULL"
    return [
        *query("users", "SELECT id FROM transaction_request WHERE status = 'pending'"),
        *query("users", "SELECT id FROM transaction_command WHERE status = 'pending'"),
        *query("users", expiring),
        *query("users", unpublished),
        *query("transactions", unpublished),
        *_unapplied("users"),
        *_unapplied("transactions"),
    ]


def verdicts(journal: Journal, *, bank: Bank | None, since: datetime) -> list[Verdict]:
    """Every invariant's verdict; call it at rest. Dead letters before `since` are not ours."""
    checks: dict[str, Callable[[], Evidence]] = {
        "I1 accepted is kept, with one event": lambda: [
            *_lost(journal),
            *without_one_event(),
            *holds.commands_without_one_event(),
        ],
        "I2 one decision, the same on both sides": lambda: [
            *_disagreements(),
            *holds.command_disagreements(),
        ],
        "I3 one key, one transaction or command": lambda: [*_other_ids(journal), *_doubles()],
        "I4 everything sums to zero": books.unbalanced,
        "I5 balances are sums of postings, never below zero": lambda: [
            *books.wrong_balances(),
            *holds.wrong_pending(),
            *holds.overdrawn(),
        ],
        "I6 one effect each": lambda: [*books.double_effects(), *holds.wrong_totals()],
        "I7 applied in order, without gaps": lambda: [
            *_unapplied("users"),
            *_unapplied("transactions"),
            *gaps("users"),
            *gaps("transactions"),
            *books.out_of_order(),
        ],
        "I7b first appearances in the topics are in order": topics.out_of_order,
        "I8 nothing vanished, nothing is set aside": lambda: [
            *_unaccounted(),
            *_set_aside("users", since),
            *_set_aside("transactions", since),
        ],
        "I9 every snapshot of the books balanced": lambda: list(bank.unbalanced) if bank else [],
        "I10 journal hashes fit, no rows vanished": lambda: [
            *books.wrong_hashes(),
            *(bank.shrunk if bank else []),
        ],
        "I11 everything came to rest": under_way,
        "answers that nobody should get": lambda: list(journal.failed),
    }
    return [Verdict(name, check()[:EVIDENCE_MAX]) for name, check in checks.items()]


def resolve_unknown(journal: Journal) -> Evidence:
    """Ask what is unknown again, and return whose id is not the one that was kept (I3)."""
    asked = list(journal.unknown)
    before = _ids_by_key()
    journal.resolve(asked)
    told = {(e.asker, e.key): e.id for e in journal.accepted if e.unknown_before}
    return [
        (key, before[key], told_id)
        for key, told_id in told.items()
        if key in before and before[key] != told_id
    ]


def violated(found: list[Verdict]) -> dict[str, Evidence]:
    """The verdicts that do not hold, by invariant."""
    return {verdict.invariant: verdict.evidence for verdict in found if not verdict.holds}


def wait_until_all_applied(service: str) -> None:
    """Wait until the peer has applied every event of this service."""
    wait_for(
        f"the events of {service} are applied",
        lambda: None if _unapplied(service) else True,
        deadline_s=DRAIN_WITHIN_S,
    )


def _ids_by_key() -> dict[tuple[str, str], str]:
    rows = query(
        "users",
        "SELECT requested_by_id, idempotency_key, id FROM transaction_request"
        " UNION ALL SELECT requested_by_id, idempotency_key, id FROM transaction_command"
        " WHERE type <> 'expiry'",
    )
    return {(str(asker), key): str(known) for asker, key, known in rows}


def _lost(journal: Journal) -> Evidence:
    known = _ids_by_key()
    return [e for e in journal.accepted if known.get((e.asker, e.key)) != e.id]


def without_one_event() -> Evidence:
    return [
        *query(
            "users",
            """
            SELECT request.id, count(message.id) FROM transaction_request AS request
            LEFT JOIN outbox_message AS message
                ON message.subject = request.id::text AND message.type = 'transaction_created.v1'
            GROUP BY request.id HAVING count(message.id) <> 1
            """,
        )
    ]


def _disagreements() -> Evidence:
    accepted = {
        row[0]: row[1:]
        for row in query(
            "users",
            "SELECT id, status, captured_amount, reversed_amount FROM transaction_request",
        )
    }
    decided = {
        row[0]: row[1:]
        for row in query(
            "transactions",
            "SELECT id, state, captured_amount, reversed_amount FROM ledger_transaction"
            " WHERE kind IS NULL OR kind IN ('transfer', 'withdrawal', 'deposit')",
        )
    }
    return [
        (key, accepted.get(key), decided.get(key))
        for key in accepted.keys() | decided.keys()
        if accepted.get(key) != decided.get(key)
    ]


def _other_ids(journal: Journal) -> Evidence:
    """Keys under which clients were told two ids."""
    told = {(e.asker, e.key, e.id) for e in journal.accepted}
    counts = Counter((asker, key) for asker, key, _ in told)
    return [key for key, count in counts.items() if count > 1]


def _doubles() -> Evidence:
    return [
        *query(
            "users",
            "SELECT requested_by_id, idempotency_key FROM transaction_request"
            " GROUP BY 1, 2 HAVING count(*) > 1"
            " UNION ALL SELECT requested_by_id, idempotency_key FROM transaction_command"
            " WHERE type <> 'expiry' GROUP BY 1, 2, transaction_id HAVING count(*) > 1",
        )
    ]


def gaps(service: str) -> Evidence:
    """Streams whose sequences are not 1 to n; pruned events are a gap at the beginning only."""
    return [
        (service, *row)
        for row in query(
            service,
            """
            SELECT stream, count(*), min(sequence), max(sequence), head.last_sequence
            FROM outbox_message JOIN outbox_stream AS head USING (stream)
            GROUP BY stream, head.last_sequence
            HAVING count(*) <> max(sequence) - min(sequence) + 1
                OR max(sequence) <> head.last_sequence
            """,
        )
    ]


def _unapplied(service: str) -> Evidence:
    """Streams whose head the other side has not applied."""
    peer = {"users": "transactions", "transactions": "users"}[service]
    heads = query(service, "SELECT stream, last_sequence FROM outbox_stream")
    applied = dict(query(peer, "SELECT stream, last_sequence FROM inbox_cursor"))
    return [
        (service, stream, last, applied.get(stream))
        for stream, last in heads
        if last != applied.get(stream, 0)
    ]


def _unaccounted() -> Evidence:
    """Accepted, but neither settled nor waiting behind a dead letter."""
    held = {
        row[0]
        for row in query("transactions", "SELECT stream FROM inbox_waiting WHERE state = 'dead'")
    }
    pending = query("users", "SELECT id, user_id FROM transaction_request WHERE status = 'pending'")
    return [row for row in pending if row[1] not in held]


def _set_aside(service: str, since: datetime) -> Evidence:
    statement = "SELECT state, type, stream, error FROM inbox_waiting WHERE received_at >= %s"
    return [(service, *row) for row in query(service, statement, since)]
