"""The request id and the trace of every request, for answers, events and logs."""

import re
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from common.ids import uuid7

_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{8,64}")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class RequestIdMiddleware:
    """
    Sets `request.request_id` and `request.traceparent` and names both in every log line.

    The gateway makes the id and replaces what a client sends; a call past it gets one here.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.headers.get("X-Request-Id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = str(uuid7())
        traceparent = request.headers.get("Traceparent", "")
        request.request_id = request_id  # type: ignore[attr-defined]  # set here, read everywhere
        request.traceparent = traceparent if _TRACEPARENT.fullmatch(traceparent) else None  # type: ignore[attr-defined]  # as above
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self._get_response(request)
        response.headers.setdefault("X-Request-Id", request_id)
        return response
