"""What the home page of either console says about the road: what waits, and what is dead."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string

from common.console import Figure, FigureGroup
from common.inbox.halts import halt_current
from common.inbox.models import InboxWaiting
from common.inbox.selection import BEHIND_MANY, streams_forked, streams_with_many_behind
from common.inbox.wiring import Wiring
from common.outbox.backlog import Backlog, outbox_backlog

_OLD_S = 60


def road_figures(request: HttpRequest) -> list[FigureGroup]:  # noqa: ARG001  the theme's signature
    """Figures of the outbox and the inbox; each is answered by a small partial index."""
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    return [
        FigureGroup(title="Outbox", figures=_outbox(outbox_backlog())),
        FigureGroup(
            title="Inbox",
            figures=[
                _inbox(wiring, InboxWaiting.State.WAITING, "Waiting for their turn", "warning"),
                _inbox(wiring, InboxWaiting.State.DEAD, "Dead letters", "danger"),
                _many_behind(wiring),
                _forked(wiring),
                _consumer(wiring),
            ],
        ),
    ]


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
            url=reverse("admin:outbox_outboxstream_changelist"),
            tone="danger" if backlog.parked else "",
            word="blocked" if backlog.parked else "",
        ),
    ]


def _inbox(wiring: Wiring, state: InboxWaiting.State, title: str, tone: str) -> Figure:
    count = InboxWaiting.objects.filter(consumer=wiring.consumer, state=state).count()
    return Figure(
        title=title,
        value=f"{count:,}",
        url=f"{reverse('admin:inbox_inboxwaiting_changelist')}?state__exact={state}",
        tone=tone if count else "",  # type: ignore[arg-type]  # one of its literals
        word=str(state) if count else "",
    )


def _many_behind(wiring: Wiring) -> Figure:
    streams = streams_with_many_behind(consumer=wiring.consumer)
    return Figure(
        title="Held up for long",
        value=f"{streams:,}",
        detail=f"streams with over {BEHIND_MANY:,} events behind a dead letter",
        url=f"{reverse('admin:inbox_inboxwaiting_changelist')}?state__exact=dead",
        tone="warning" if streams else "",
        word="late" if streams else "",
    )


def _forked(wiring: Wiring) -> Figure:
    streams = streams_forked(consumer=wiring.consumer)
    return Figure(
        title="Forked streams",
        value=f"{streams:,}",
        detail="two events claim one place; they wait for staff",
        url=f"{reverse('admin:inbox_inboxwaiting_changelist')}?error_class__exact=forked",
        tone="danger" if streams else "",
        word="forked" if streams else "",
    )


def _consumer(wiring: Wiring) -> Figure:
    halt = halt_current(consumer=wiring.consumer)
    return Figure(
        title="Consumer",
        value="Running" if halt is None else "Halted",
        detail="" if halt is None else halt.reason,
        url=reverse("admin:inbox_consumerhalt_changelist"),
        tone="" if halt is None else "danger",
        word="" if halt is None else "halted",
    )
