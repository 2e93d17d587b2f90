"""Whether a consumer may apply events, asked of its database; every member of the group asks."""

from datetime import datetime
from typing import NamedTuple

from common.inbox.models import ConsumerHalt


class Halt(NamedTuple):
    """A consumer that waits for staff; `id` is that of the row."""

    id: int
    halted_at: datetime
    reason: str


def halt_open(*, consumer: str, reason: str) -> None:
    """Halt a consumer, all of its members, until staff resume it; one that is halted stays so."""
    ConsumerHalt.objects.bulk_create(
        [ConsumerHalt(consumer=consumer, reason=reason)], ignore_conflicts=True
    )


def halt_current(*, consumer: str) -> Halt | None:
    """The halt that is in force, None when the consumer may go on."""
    row = (
        ConsumerHalt.objects.filter(consumer=consumer, resumed_at__isnull=True)
        .values_list("id", "halted_at", "reason")
        .first()
    )
    return None if row is None else Halt(*row)


def letters_let_through(*, halt_id: int) -> int:
    """How many further letters staff let through when they resumed a consumer."""
    return ConsumerHalt.objects.values_list("let_through", flat=True).get(pk=halt_id)
