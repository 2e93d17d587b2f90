"""Step 1 of the road: who asks over HTTP, and under which idempotency key."""

import re

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from common.api.authentication import Principal
from users.submissions.errors import IdempotencyKeyInvalid, IdempotencyKeyRequired
from users.submissions.services import Caller

_KEY = re.compile(r"[\x20-\x7e]{1,255}")
KEY_PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 255 printable ASCII characters; the same key never has two effects.",
)


def caller_of(request: Request, principal: Principal) -> Caller:
    """
    Read who asks from a request.

    Raises `IdempotencyKeyRequired` and `IdempotencyKeyInvalid`.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        raise IdempotencyKeyRequired
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid
    return Caller(
        user_id=principal.user_id,
        idempotency_key=key,
        request_id=request.request_id,  # type: ignore[attr-defined]  # RequestIdMiddleware's
        traceparent=request.traceparent,  # type: ignore[attr-defined]  # RequestIdMiddleware's
    )
