"""Step 10 of the road as a client watches it, over HTTP."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.errors import NotFound
from common.api.openapi import refusals
from common.api.renderers import FastJSONRenderer
from common.api.views import CallerApi
from users.submissions import examples
from users.submissions.errors import WaitingPlacesTaken
from users.submissions.models import TransactionRequest
from users.submissions.progress import Progress, is_settled, unseen
from users.submissions.selectors import transactions_visible
from users.submissions.status_stream import MEDIA_TYPE, StatusStream, events_of
from users.submissions.waiters import waiting_room

_LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    str,
    OpenApiParameter.HEADER,
    description="The `id` of the last event that you have seen: those after it follow.",
)
# Nothing on the way may keep events until there are enough of them.
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStreamRenderer(FastJSONRenderer):
    """Makes `text/event-stream` what the route offers; problems are JSON here as anywhere."""

    media_type = MEDIA_TYPE
    format = "events"


class EventsApi(CallerApi):
    """`/api/v1/transactions/{id}/events`"""

    renderer_classes = (EventStreamRenderer,)
    http_method_names = ("get", "head")

    @extend_schema(
        operation_id="transaction_events",
        summary="Watch a transaction",
        parameters=[_LAST_EVENT_ID],
        responses={
            (200, MEDIA_TYPE): examples.EVENT,
            204: OpenApiResponse(description="You have seen all there is: do not ask again."),
        },
        examples=examples.EVENTS,
    )
    @refusals(WaitingPlacesTaken)
    def get(self, request: Request, transaction_id: UUID) -> HttpResponseBase:
        """
        Watch a transaction of yours: server-sent events `status`, with it as it is then as data.

        The first one tells how it is now. The stream ends with the outcome or after 30 seconds.
        """
        seen = _seen(request)
        found = self._found(transaction_id)
        transaction = _first(found)
        if is_settled(transaction):
            return _settled(unseen(transaction, seen))
        waiter = waiting_room().admit(transaction_id)
        if waiter is None:
            raise WaitingPlacesTaken
        return StreamingHttpResponse(
            StatusStream(waiter, found.first, seen), content_type=MEDIA_TYPE, headers=_HEADERS
        )

    @extend_schema(exclude=True)
    def head(self, request: Request, transaction_id: UUID) -> HttpResponseBase:
        """What GET would say before its first event; nothing is watched."""
        seen = _seen(request)
        transaction = _first(self._found(transaction_id))
        if is_settled(transaction) and not unseen(transaction, seen):
            return Response(status=status.HTTP_204_NO_CONTENT)
        return StreamingHttpResponse((), content_type=MEDIA_TYPE, headers=_HEADERS)

    def _found(self, transaction_id: UUID) -> QuerySet[TransactionRequest]:
        return transactions_visible(user_id=self.caller.user_id).filter(id=transaction_id)


def _first(found: QuerySet[TransactionRequest]) -> TransactionRequest:
    transaction = found.first()
    if transaction is None:
        raise NotFound
    return transaction


def _seen(request: Request) -> Progress | None:
    last = request.headers.get("Last-Event-ID")
    return Progress.read(last) if last else None


def _settled(states: list[dict[str, Any]]) -> HttpResponseBase:
    """All there is left to see at once; 204 is how an EventSource is told to stop asking."""
    if not states:
        return Response(status=status.HTTP_204_NO_CONTENT)
    return HttpResponse(events_of(states), content_type=MEDIA_TYPE, headers=_HEADERS)
