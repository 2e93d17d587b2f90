"""What the ledger decided, told to the other service and to files; never across databases."""

from collections.abc import Collection, Iterator
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string
from rest_framework.request import Request
from rest_framework.response import Response

from common.inbox.models import InboxWaiting
from common.internal.authentication import InternalApi
from common.internal.contracts import Decision, DecisionPage, builtins_of
from common.internal.parameters import ids_asked, page_asked
from transactions.ledger.models import ORIGINALS, LedgerTransaction

_PAGE = 1000


def decisions_of(*, ids: Collection[UUID]) -> DecisionPage:
    """The decisions about these requests, of those that have one."""
    rows = _originals().filter(id__in=ids).order_by("id")
    return DecisionPage(data=[_decision(row) for row in rows])


def decisions_page(*, after: UUID | None, until: UUID | None, limit: int) -> DecisionPage:
    """The next decisions by id, after one and before another."""
    rows = _originals().order_by("id")
    if after is not None:
        rows = rows.filter(id__gt=after)
    if until is not None:
        rows = rows.filter(id__lt=until)
    found = [_decision(row) for row in rows[:limit]]
    return DecisionPage(data=found, after=found[-1].id if len(found) == limit else None)


def decisions_all() -> Iterator[Decision]:
    """Every decision by id, in constant memory."""
    after: UUID | None = None
    while True:
        page = decisions_page(after=after, until=None, limit=_PAGE)
        yield from page.data
        if page.after is None:
            return
        after = page.after


def streams_held() -> list[UUID]:
    """Streams of users in which a dead letter stands."""
    consumer = import_string(settings.EVENT_WIRING).consumer
    dead = InboxWaiting.objects.filter(
        consumer=consumer, state=InboxWaiting.State.DEAD, stream__isnull=False
    )
    return sorted({stream for stream in dead.values_list("stream", flat=True) if stream})


class DecisionsApi(InternalApi):
    """All decisions, by keyset pages."""

    def get(self, request: Request) -> Response:
        asked = page_asked(request)
        return Response(builtins_of(decisions_page(**asked._asdict())))


class DecisionsQueryApi(InternalApi):
    """The decisions about the requests that the body names."""

    def post(self, request: Request) -> Response:
        return Response(builtins_of(decisions_of(ids=ids_asked(request))))


def _originals() -> QuerySet[LedgerTransaction]:
    """What requests led to; a command's transaction is no decision about a request."""
    return LedgerTransaction.objects.filter(Q(kind__in=ORIGINALS) | Q(kind__isnull=True))


def _decision(row: LedgerTransaction) -> Decision:
    return Decision(
        id=row.id,
        stream=row.stream,
        kind=row.kind,
        state=row.state,
        amount=row.amount,
        currency=row.currency,
        captured_amount=row.captured_amount,
        reversed_amount=row.reversed_amount,
        rejection_code=row.rejection_code or None,
        accepted_at=row.effective_at,
        recorded_at=row.recorded_at,
    )
