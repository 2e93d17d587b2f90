"""Internal routes: what users keeps of requests, for the other service to compare with."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from common.internal.authentication import InternalApi
from common.internal.contracts import Asked, AskedPage, builtins_of
from common.internal.parameters import ids_asked, page_asked
from users.submissions.announced import announced_by_ids
from users.submissions.models import TransactionRequest


def asked_page(*, after: UUID | None, until: UUID | None, limit: int) -> AskedPage:
    """The next requests by id, after one and before another."""
    rows = TransactionRequest.objects.order_by("id")
    if after is not None:
        rows = rows.filter(id__gt=after)
    if until is not None:
        rows = rows.filter(id__lt=until)
    found = [asked_of(row) for row in rows[:limit]]
    return AskedPage(data=found, after=found[-1].id if len(found) == limit else None)


def asked_by_ids(*, ids: list[UUID]) -> AskedPage:
    """Those of the requests that exist."""
    rows = TransactionRequest.objects.filter(id__in=ids).order_by("id")
    return AskedPage(data=[asked_of(row) for row in rows])


def asked_of(row: TransactionRequest) -> Asked:
    """A request in the words both services share."""
    return Asked(
        id=row.id,
        stream=row.user_id,
        kind=row.kind,
        state=row.status,
        amount=row.amount,
        currency=row.currency,
        captured_amount=row.captured_amount,
        reversed_amount=row.reversed_amount,
        rejection_code=row.rejection_code,
        accepted_at=row.accepted_at,
        settled_at=row.settled_at,
    )


class RequestsApi(InternalApi):
    """All requests, by keyset pages."""

    def get(self, request: Request) -> Response:
        return Response(builtins_of(asked_page(**page_asked(request)._asdict())))


class RequestsQueryApi(InternalApi):
    """The requests that the body names."""

    def post(self, request: Request) -> Response:
        return Response(builtins_of(asked_by_ids(ids=ids_asked(request))))


class AnnouncedQueryApi(InternalApi):
    """What was announced by the events that the body names."""

    def post(self, request: Request) -> Response:
        return Response(builtins_of(announced_by_ids(ids=ids_asked(request))))
