"""Which dead letters somebody means, and what they see of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from common.inbox.models import InboxCursor, InboxWaiting

Letters = QuerySet[InboxWaiting]

BEHIND_MANY = 1000
"""Events behind one letter that are worth a warning: its user has been waiting for long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Conditions that all hold; None does not matter. `state` is "" for letters in any state."""

    ids: Sequence[int] = ()
    state: str = InboxWaiting.State.DEAD
    error_class: str | None = None
    type: str | None = None
    stream: UUID | None = None
    error_contains: str | None = None
    limit: int | None = None


def letters_select(
    *,
    consumer: str,
    selection: Selection,
    annotate: Callable[[Letters], Letters] = lambda rows: rows,
) -> Letters:
    """Dead letters, in the order in which they have to be resolved: by stream and sequence."""
    rows = letters_of(consumer=consumer)
    if selection.ids:
        rows = rows.filter(pk__in=selection.ids)
    if selection.state:
        rows = rows.filter(state=selection.state)
    if selection.error_class is not None:
        rows = rows.filter(error_class=selection.error_class)
    if selection.type is not None:
        rows = rows.filter(type=selection.type)
    if selection.stream is not None:
        rows = rows.filter(stream=selection.stream)
    if selection.error_contains is not None:
        rows = rows.filter(error__contains=selection.error_contains)
    return annotate(letters_in_order(rows))[: selection.limit]


def letters_in_order(rows: Letters) -> Letters:
    """The order in which letters have to be resolved: by stream and sequence."""
    return rows.order_by(F("stream").asc(nulls_last=True), "sequence", "id")


def letters_of(*, consumer: str) -> Letters:
    """Every row that is or was a dead letter; early events that only wait are none."""
    return InboxWaiting.objects.filter(consumer=consumer, attempts__gt=0)


def with_behind(rows: Letters) -> Letters:
    """Add `behind`: how many events of the same stream wait for one to be resolved."""
    waiting = (
        InboxWaiting.objects.filter(
            consumer=OuterRef("consumer"),
            source=OuterRef("source"),
            stream=OuterRef("stream"),
            sequence__gt=OuterRef("sequence"),
            state=InboxWaiting.State.WAITING,
        )
        .order_by()
        .values("stream")
        .annotate(number=Count("id"))
        .values("number")
    )
    return rows.annotate(behind=Coalesce(Subquery(waiting, output_field=IntegerField()), 0))


def streams_forked(*, consumer: str) -> int:
    """How many streams wait because their producer's history was rewritten."""
    return InboxCursor.objects.filter(consumer=consumer, forked_at__isnull=False).count()


def streams_with_many_behind(*, consumer: str) -> int:
    """How many streams with a dead letter have over a thousand events waiting behind it."""
    dead = InboxWaiting.objects.filter(
        consumer=consumer, state=InboxWaiting.State.DEAD, stream__isnull=False
    )
    return (
        InboxWaiting.objects.filter(
            consumer=consumer,
            state=InboxWaiting.State.WAITING,
            stream__in=dead.values("stream"),
        )
        .order_by()
        .values("stream")
        .annotate(number=Count("id"))
        .filter(number__gt=BEHIND_MANY)
        .count()
    )
