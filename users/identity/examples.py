"""What the description of the profile API shows: bodies that could be sent, and answers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

_PROFILE = {
    "id": "0198c0de-1a00-7000-8000-00000000a11c",
    "email": "alice@example.com",
    "display_name": "Alice",
    "status": "active",
    "created_at": "2026-01-02T12:00:00.000000Z",
}


def _answer(value: dict[str, Any], status: int) -> OpenApiExample:
    return OpenApiExample("profile", value, response_only=True, status_codes=[str(status)])


ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 202],
    description="The version of the profile.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="Change only this version: an `ETag` of the profile, several, or `*`.",
)

PROFILE = [_answer(_PROFILE, 200)]
PROFILE_CHANGE = [
    OpenApiExample("name", {"display_name": "Alice"}, request_only=True),
    OpenApiExample("no name", {"display_name": ""}, request_only=True),
    _answer(_PROFILE, 200),
]
PROFILE_CLOSE = [
    OpenApiExample("close", {}, request_only=True),
    _answer({**_PROFILE, "status": "closing"}, 202),
]
