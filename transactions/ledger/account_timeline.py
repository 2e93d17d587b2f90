"""
The life of an account, as the ledger knows it: opened, frozen, open again, closed, and by whom.

All of its times come from the ledger's own database, so its steps can be sorted by them.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from common.api.catalogue_outcomes import CLOSING_REFUSALS
from common.console import Tone
from common.events.codec import EventInvalid, event_decode
from common.events.contracts import UserCloseDecidedV1
from common.money import money_display
from common.outbox.models import OutboxMessage
from common.staff.timeline import (
    Chapter,
    Fact,
    RawEvent,
    Step,
    Summary,
    Timeline,
    published_facts,
)
from common.staff.timeline_sources import (
    InboxRows,
    events_about,
    inbox_about,
    obstacles_of,
    raw_of_inbox,
    raw_of_outbox,
    staff_chapter,
)
from transactions.ledger.models import Account, AccountChange

CHANGES_MAX = 30
"""Changes of its status that a page shows; of more, the latest."""

_OPENED = "account_opened.v1"
_REFUSALS = {refusal.code: refusal.when for refusal in CLOSING_REFUSALS}
_STATUS = Account.Status
_TITLES: dict[str, str] = {
    _STATUS.FROZEN: "Frozen",
    _STATUS.OPEN: "Open again",
    _STATUS.CLOSED: "Closed",
}
_TONES: dict[str, Tone] = {
    _STATUS.FROZEN: "warning",
    _STATUS.OPEN: "success",
    _STATUS.CLOSED: "danger",
}


def timeline_of_account(account: Account) -> Timeline:
    """What became of an account; of a wallet also what its owner's closing came to."""
    changes = list(account.changes.order_by("-id")[: CHANGES_MAX + 1])
    messages = events_about(account.pk)
    decisions = [] if account.owner is None else events_about(account.owner)
    inbox = inbox_about(stream=account.owner, event_ids=[])
    return Timeline(
        summary=_summary(account),
        chapters=[
            _life(account, changes[:CHANGES_MAX], messages, decisions),
            *staff_chapter(account.pk),
        ],
        obstacles=list(obstacles_of(inbox.stuck)),
        events=_raw_events(messages, decisions, inbox),
        left_out=len(changes) > CHANGES_MAX,
    )


def _raw_events(
    messages: Sequence[OutboxMessage], decisions: Sequence[OutboxMessage], inbox: InboxRows
) -> list[RawEvent]:
    sent = sorted([*messages, *decisions], key=lambda message: message.position)
    return [*raw_of_outbox(sent), *raw_of_inbox(inbox)]


def _summary(account: Account) -> Summary:
    posted, held, available = (
        money_display(amount, account.currency)
        for amount in (account.posted, account.pending, account.available)
    )
    return Summary(
        amount=posted,
        kind="Wallet" if account.owner is not None else account.get_role_display(),
        word=account.status,
        says=f"{available} available, {held} held.",
        facts=list(_summary_facts(account)),
    )


def _summary_facts(account: Account) -> Iterator[Fact]:
    yield Fact.of_id("Account", account.pk)
    if account.owner is not None:
        yield Fact.of_id("Owner", account.owner)


def _life(
    account: Account,
    changes: Sequence[AccountChange],
    messages: Sequence[OutboxMessage],
    decisions: Sequence[OutboxMessage],
) -> Chapter:
    """What happened in order; what was opened together with its first posting comes first."""
    later = [
        *(_change_step(change, messages) for change in changes),
        *_refused_closings(decisions),
    ]
    return Chapter(
        title="Account",
        steps=[_opened_step(account, messages), *sorted(later, key=_time_of)],
    )


def _time_of(step: Step) -> float:
    return step.at.timestamp() if step.at else 0.0


def _opened_step(account: Account, messages: Sequence[OutboxMessage]) -> Step:
    opened_at: datetime = account.opened_at
    message = next((one for one in messages if one.type == _OPENED), None)
    if account.owner is None:
        says = "An account of the house; the first transaction of its currency made it."
    else:
        says = "On its first use, by a payment from it or to it."
    return Step(
        title="Opened", at=opened_at, says=says, word="open", tone="success", facts=_sent(message)
    )


def _change_step(change: AccountChange, messages: Sequence[OutboxMessage]) -> Step:
    told = (
        message
        for message in messages
        if message.type != _OPENED and message.occurred_at == change.recorded_at
    )
    facts = [Fact("By", change.actor)]
    if change.cause is not None:
        facts.append(Fact.of_id("Because of event", change.cause))
    return Step(
        title=_TITLES[change.to_status],
        at=change.recorded_at,
        says=change.reason,
        word=change.to_status,
        tone=_TONES[change.to_status],
        facts=[*facts, *_sent(next(told, None))],
    )


def _refused_closings(decisions: Sequence[OutboxMessage]) -> Iterator[Step]:
    """That its owner could not be closed, as long as the outbox keeps it."""
    for message in decisions:
        event = _decision_in(message)
        if event is not None and not event.closed:
            yield Step(
                title="Closing of its owner refused",
                at=event.decided_at,
                says=_refusal_in_words(event.code or ""),
                word="refused",
                tone="danger",
                facts=_sent(message),
            )


def _refusal_in_words(code: str) -> str:
    meaning = _REFUSALS.get(code)
    return f"{code}: {meaning}" if meaning else code


def _decision_in(message: OutboxMessage) -> UserCloseDecidedV1 | None:
    """What was decided; None for other events, and for those of a later version that went back."""
    if message.type != UserCloseDecidedV1.TYPE or message.data is None:
        return None
    try:
        event = event_decode(message.type, bytes(message.data))
    except EventInvalid:
        return None
    return event if isinstance(event, UserCloseDecidedV1) else None


def _sent(message: OutboxMessage | None) -> list[Fact]:
    """Where in Kafka the event about it is, while the outbox keeps it."""
    if message is None:
        return []
    return list(
        published_facts(event_id=message.id, partition=message.partition, offset=message.offset)
    )
