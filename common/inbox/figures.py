"""What the home page of either console says about the road: what waits, and what is dead."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from common.console import Figure, FigureGroup, Tone
from common.inbox.models import InboxWaiting
from common.inbox.selection import BEHIND_MANY
from common.inbox.wiring import Wiring
from common.outbox.backlog import Backlog, outbox_backlog

_OLD_S = 60
_LAG_MANY = 10_000
_LAG_KEPT_S = 180
_MAY_SEE_CONSUMERS = "inbox.view_consumerhalt"


class InboxStanding(NamedTuple):
    """
    What a consumer could not apply yet; `halt` is why staff must resume it, None if not.

    `lag` is what Kafka said at `lag_at`, when housekeeping asked last; None if it never did.
    """

    waiting: int
    dead: int
    many_behind: int
    forked: int
    halt: str | None
    lag: int | None
    lag_at: datetime | None


def road_figures() -> list[FigureGroup]:
    """Figures of the outbox and the inbox; each is answered by a small partial index."""
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    standing = inbox_standing(consumer=wiring.consumer)
    return [
        FigureGroup(title="Outbox", figures=_outbox(outbox_backlog())),
        FigureGroup(title="Inbox", figures=[_lag(wiring, standing), *_inbox(standing)]),
    ]


def inbox_standing(*, consumer: str) -> InboxStanding:
    """How a consumer stands, by one statement over partial indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH held AS (
                SELECT count(*) AS behind FROM inbox_waiting
                WHERE consumer = %(consumer)s AND state = 'waiting' AND stream IN (
                    SELECT stream FROM inbox_waiting
                    WHERE consumer = %(consumer)s AND state = 'dead' AND stream IS NOT NULL
                )
                GROUP BY stream HAVING count(*) > %(many)s
            )
            SELECT
                (SELECT count(*) FROM inbox_waiting
                    WHERE consumer = %(consumer)s AND state = 'waiting'),
                (SELECT count(*) FROM inbox_waiting
                    WHERE consumer = %(consumer)s AND state = 'dead'),
                (SELECT count(*) FROM held),
                (SELECT count(*) FROM inbox_cursor
                    WHERE consumer = %(consumer)s AND forked_at IS NOT NULL),
                (SELECT reason FROM consumer_halt
                    WHERE consumer = %(consumer)s AND resumed_at IS NULL),
                sample.lag, sample.at
            FROM (VALUES (1)) AS always
            LEFT JOIN (
                SELECT lag, at FROM consumer_lag WHERE consumer = %(consumer)s
                ORDER BY at DESC LIMIT 1
            ) AS sample ON true
            """,
            {"consumer": consumer, "many": BEHIND_MANY},
        )
        return InboxStanding(*cursor.fetchone())


def _outbox(backlog: Backlog) -> list[Figure]:
    age = backlog.oldest_age_s
    late = age is not None and age > _OLD_S
    messages = reverse("admin:outbox_outboxmessage_changelist")
    return [
        Figure(
            title="Waiting for Kafka",
            value=f"{backlog.pending:,}",
            detail="nothing waits" if age is None else f"the oldest for {age:.0f} s",
            url=f"{messages}?state=waiting",
            tone="warning" if late else "",
            word="late" if late else "",
        ),
        Figure(
            title="In parked streams",
            value=f"{backlog.parked:,}",
            detail="refused by the broker for good",
            url=f"{reverse('admin:outbox_outboxstream_changelist')}?parked=yes",
            tone="danger" if backlog.parked else "",
            word="parked" if backlog.parked else "",
        ),
    ]


def _lag(wiring: Wiring, standing: InboxStanding) -> Figure:
    """What Kafka said a minute ago: a page that asked itself would wait when Kafka is away."""
    lag, at = standing.lag, standing.lag_at
    url = reverse("admin:inbox_consumers")
    if lag is None or at is None or (timezone.now() - at).total_seconds() > _LAG_KEPT_S:
        since = "nobody has asked yet" if at is None else f"no answer since {at:%H:%M:%S} UTC"
        return Figure(
            title="Consumer lag",
            value="Unknown",
            detail=f"{since}: is Kafka up, and housekeeping?",
            url=url,
            permission=_MAY_SEE_CONSUMERS,
            tone="warning",
            word="unknown",
        )
    many = lag > _LAG_MANY
    return Figure(
        title="Consumer lag",
        value=f"{lag:,}",
        detail=f"records of {wiring.topic} to apply, at {at:%H:%M:%S} UTC",
        url=url,
        permission=_MAY_SEE_CONSUMERS,
        tone="warning" if many else "",
        word="behind" if many else "",
    )


def _inbox(standing: InboxStanding) -> Sequence[Figure]:
    rows = reverse("admin:inbox_inboxwaiting_changelist")
    state, causes = InboxWaiting.State, reverse("admin:inbox_causes")
    return [
        replace(
            _counted("Dead letters", standing.dead, "danger", "dead", causes),
            permission="inbox.view_inboxwaiting",
        ),
        _counted(
            "Waiting for their turn",
            standing.waiting,
            "warning",
            "waiting",
            f"{rows}?state__exact={state.WAITING}",
        ),
        _counted(
            "Held up for long",
            standing.many_behind,
            "warning",
            "late",
            f"{rows}?state__exact={state.DEAD}",
            f"streams with over {BEHIND_MANY:,} events behind a dead letter",
        ),
        _counted(
            "Forked streams",
            standing.forked,
            "danger",
            "forked",
            f"{rows}?error_class__exact=forked",
            "two events claim one place; they wait for staff",
        ),
        Figure(
            title="Consumer",
            value="Running" if standing.halt is None else "Halted",
            detail=standing.halt or "",
            url=reverse("admin:inbox_consumerhalt_changelist"),
            tone="" if standing.halt is None else "danger",
            word="" if standing.halt is None else "halted",
        ),
    ]


def _counted(title: str, count: int, tone: Tone, word: str, url: str, detail: str = "") -> Figure:
    """A count that should be none: its colour and word show only when it is not."""
    return Figure(
        title=title,
        value=f"{count:,}",
        detail=detail,
        url=url,
        tone=tone if count else "",
        word=word if count else "",
    )
