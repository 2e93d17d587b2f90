"""
The road of a transaction as the ledger knows it: up to the announcement of its outcome.

When an event was published and consumed stands in the outcome that the outbox keeps; what users
has done with that outcome is for the other console to show. Nobody is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from common.console import Tone
from common.events.codec import EventInvalid, event_decode
from common.events.contracts import OutcomeEvent
from common.money import money_display
from common.outbox.models import OutboxMessage
from common.staff.timeline import (
    Chapter,
    Fact,
    Step,
    Summary,
    Timeline,
    published_facts,
    refusal_in_words,
)
from common.staff.timeline_sources import (
    InboxRows,
    events_about,
    inbox_about,
    letter_steps,
    obstacles_of,
    raw_of_inbox,
    raw_of_outbox,
    staff_chapter,
)
from transactions.ledger.models import ORIGINALS, LedgerTransaction
from transactions.ledger.selectors import ledger_commands_of
from transactions.ledger.timeline_tables import journal_table, posting_tables

COMMANDS_MAX = 20
"""Commands that a page shows; of more, the latest."""

_STATE = LedgerTransaction.State
_DONE = {"capture": "captured", "void": "released", "expiry": "released", "reversal": "given back"}


class _Verdict(NamedTuple):
    """What was decided at first, whatever commands have made of it since."""

    word: str
    tone: Tone
    says: str


def timeline_of(row: LedgerTransaction) -> Timeline:
    """The road of an original and of the commands about it, or that of one command."""
    commands = list(reversed(_latest_commands(row)))
    left_out = len(commands) > COMMANDS_MAX
    rows = [row, *commands[-COMMANDS_MAX:]]
    messages = events_about(row.pending_id or row.reverses_id or row.pk)
    inbox = inbox_about(stream=row.stream, event_ids=[one.source_event_id for one in rows])
    outcomes = _by_cause(messages)
    return Timeline(
        summary=_summary(row),
        chapters=[
            *(_chapter(one, outcomes.get(str(one.source_event_id)), inbox) for one in rows),
            *staff_chapter(row.pk),
        ],
        obstacles=list(obstacles_of(inbox.stuck)),
        tables=[*posting_tables(rows), journal_table(rows)],
        events=[*raw_of_outbox(messages), *raw_of_inbox(inbox)],
        left_out=left_out,
    )


def _latest_commands(row: LedgerTransaction) -> list[LedgerTransaction]:
    """One more than is shown, which tells that there are more."""
    if row.kind is not None and row.kind not in ORIGINALS:
        return []
    commands = ledger_commands_of(transaction_id=row.pk).order_by("-recorded_at", "-id")
    return list(commands[: COMMANDS_MAX + 1])


def _by_cause(messages: Sequence[OutboxMessage]) -> Mapping[str, OutboxMessage]:
    """Outcomes by the event that led to each."""
    return {message.causation_id: message for message in messages if message.causation_id}


def _chapter(row: LedgerTransaction, message: OutboxMessage | None, inbox: InboxRows) -> Chapter:
    outcome = _outcome_in(message)
    url = reverse("admin:ledger_ledgertransaction_change", args=[row.pk])
    return Chapter(
        title=row.get_kind_display() or "Discarded request",
        facts=[Fact.of_id("Ledger transaction", row.pk, url=url)],
        steps=[
            _accepted_step(row),
            Step(
                title="Published",
                at=outcome.cause.published_at if outcome else None,
                facts=list(_source_facts(row)),
            ),
            Step(title="Consumed by the ledger", at=outcome.consumed_at if outcome else None),
            *letter_steps(inbox.letters, row.source_event_id),
            _decided_step(row),
            _announced_step(message),
            *_hold_step(row),
        ],
    )


def _outcome_in(message: OutboxMessage | None) -> OutcomeEvent | None:
    """What an outcome told of its cause; None if it is not kept, or of another kind."""
    if message is None or message.data is None:
        return None
    try:
        event = event_decode(message.type, bytes(message.data))
    except EventInvalid:
        return None  # of a later version of this program, which was taken back
    return event if isinstance(event, OutcomeEvent) else None


def _accepted_step(row: LedgerTransaction) -> Step:
    facts = []
    if row.requested_by is not None:
        facts.append(Fact.of_id("By user", row.requested_by))
    return Step(
        title="Accepted",
        at=row.effective_at,
        says="By the users service, whose clock this is.",
        facts=facts,
    )


def _source_facts(row: LedgerTransaction) -> Iterator[Fact]:
    yield from published_facts(
        event_id=row.source_event_id, partition=row.source_partition, offset=row.source_offset
    )
    yield Fact("Number in the user's stream", str(row.source_sequence))


def _decided_step(row: LedgerTransaction) -> Step:
    verdict = _verdict(row)
    return Step(
        title="Decided",
        at=row.recorded_at,
        says=verdict.says,
        word=verdict.word,
        tone=verdict.tone,
    )


def _announced_step(message: OutboxMessage | None) -> Step:
    if message is None:
        says = (
            f"The outcome is not kept any more: events go after {settings.OUTBOX_KEEP_DAYS} days."
        )
        return Step(title="Announced", at=None, says=says)
    if message.published_at is None:
        says = "The publisher has not sent the outcome to Kafka yet."
        return Step(title="Announced", at=message.occurred_at, says=says, awaited=True)
    at: datetime = message.published_at
    return Step(
        title="Announced",
        at=at,
        says="Kafka has confirmed the outcome.",
        tone="success",
        facts=list(
            published_facts(event_id=message.id, partition=message.partition, offset=message.offset)
        ),
    )


def _hold_step(row: LedgerTransaction) -> Iterator[Step]:
    """What an open hold waits for."""
    if row.state == _STATE.AUTHORISED and row.hold_expires_at is not None:
        yield Step(
            title="Captured, voided or expired",
            at=row.recorded_at,
            says=f"The hold ends at {row.hold_expires_at:%Y-%m-%d %H:%M:%S} UTC.",
            awaited=True,
        )


def _verdict(row: LedgerTransaction) -> _Verdict:
    if row.state == _STATE.REJECTED:
        return _Verdict("refused", "danger", refusal_in_words(row.rejection_code))
    money = _money(row.amount, row.currency)
    if row.hold_expires_at is not None:
        return _Verdict("authorised", "info", f"{money} are held.")
    return _Verdict("posted", "success", f"{money} {_DONE.get(row.kind or '', 'moved')}.")


def _summary(row: LedgerTransaction) -> Summary:
    return Summary(
        amount=_money(row.amount, row.currency),
        kind=row.get_kind_display() or "Discarded request",
        word=row.state,
        facts=list(_summary_facts(row)),
    )


def _summary_facts(row: LedgerTransaction) -> Iterator[Fact]:
    original: UUID | None = row.pending_id or row.reverses_id
    if original is not None:
        url = reverse("admin:ledger_ledgertransaction_change", args=[original])
        yield Fact.of_id("About", original, url=url)
    for name, account in (("From", row.debit_account), ("To", row.credit_account)):
        if account is not None:
            url = reverse("admin:ledger_account_change", args=[account.pk])
            yield Fact(name, str(account), url)
    if row.reference is not None:
        yield Fact.of_id("Reference", row.reference)
    if row.captured_amount not in (0, row.amount):
        yield Fact("Captured", _money(row.captured_amount, row.currency))
    if row.reversed_amount:
        yield Fact("Given back", _money(row.reversed_amount, row.currency))


def _money(amount: int | None, currency: str | None) -> str:
    """Of a discarded request, what was not legible is not known."""
    return "Unknown amount" if amount is None else money_display(amount, currency or "")
