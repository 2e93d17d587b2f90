"""Keyset pages: `?cursor=&limit=`, newest first by id (UUIDv7), and never a COUNT."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from common.api.errors import InvalidRequest

LIMIT_DEFAULT = 25
LIMIT_MAX = 100

Row = TypeVar("Row", bound=Model)


def keyset_page(
    *, request: Request, rows: QuerySet[Row], represent: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """
    Answer one page of `rows` as `{"data", "has_more", "next_cursor"}`.

    Rows that are inserted meanwhile are newer than the page and never shift it. Raises
    `InvalidRequest` naming `cursor` or `limit`.
    """
    limit = limit_asked(request)
    if (after := _cursor(request)) is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: limit + 1])
    has_more = len(found) > limit
    return {
        "data": [represent(row) for row in found[:limit]],
        "has_more": has_more,
        "next_cursor": cursor_encode(found[limit - 1].pk) if has_more else None,
    }


def cursor_encode(key: UUID) -> str:
    """An opaque cursor that means: continue after this row."""
    return base64.urlsafe_b64encode(key.bytes).decode().rstrip("=")


def limit_asked(request: Request) -> int:
    """How many rows a page may have. Raises `InvalidRequest` naming `limit`."""
    text = request.query_params.get("limit", str(LIMIT_DEFAULT))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LIMIT_MAX))):
        raise InvalidRequest(f"Give a number from 1 to {LIMIT_MAX}.", field="limit")
    if not 1 <= int(text) <= LIMIT_MAX:
        raise InvalidRequest(f"Give a number from 1 to {LIMIT_MAX}.", field="limit")
    return int(text)


def _cursor(request: Request) -> UUID | None:
    text = request.query_params.get("cursor")
    if text is None:
        return None
    try:
        key = UUID(bytes=base64.b64decode(text + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise InvalidRequest("The cursor is not one of ours.", field="cursor") from None
    return key
