"""Step 1 of the road: who asks over HTTP, and under which idempotency key."""

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from common.api.authentication import Principal
from users.submissions.errors import IdempotencyKeyInvalid, IdempotencyKeyRequired
from users.submissions.services import Caller

_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_HEADER = "Idempotency-Key"
KEY_PARAMETER = OpenApiParameter(
    _HEADER,
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 255 printable ASCII characters; the same key never has two effects.",
)


def caller_of(request: Request, principal: Principal) -> Caller:
    """
    Read who asks from a request with an Idempotency-Key header.

    Raises `IdempotencyKeyRequired` and `IdempotencyKeyInvalid`.
    """
    return caller_with(request, principal, key=request.headers.get(_HEADER), field=_HEADER)


def caller_with(request: Request, principal: Principal, *, key: Any, field: str) -> Caller:
    """
    Read who asks from a request; its key is what was found in `field`, a header or a member.

    Raises `IdempotencyKeyRequired` and `IdempotencyKeyInvalid`.
    """
    if key is None:
        raise IdempotencyKeyRequired(field=field)
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid(field=field)
    return Caller(
        user_id=principal.user_id,
        idempotency_key=key,
        request_id=request.request_id,  # type: ignore[attr-defined]  # RequestIdMiddleware's
        traceparent=request.traceparent,  # type: ignore[attr-defined]  # RequestIdMiddleware's
    )
