"""What internal routes are asked with: a list of ids, or where a page begins."""

from typing import NamedTuple
from uuid import UUID

from rest_framework.request import Request

from common.api.errors import InvalidRequest

IDS_MAX = 1000


class PageAsked(NamedTuple):
    """The rows after `after` (None: from the first), up to and without `until`."""

    after: UUID | None
    until: UUID | None
    limit: int


def ids_asked(request: Request) -> list[UUID]:
    """The distinct ids of the body `{"ids": […]}`, sorted. Raises `InvalidRequest`."""
    ids = request.data.get("ids") if isinstance(request.data, dict) else None
    if not isinstance(ids, list) or len(ids) > IDS_MAX:
        raise InvalidRequest(f"Give a list of at most {IDS_MAX} ids.", field="ids")
    return sorted({_uuid(text, "ids") for text in ids})


def page_asked(request: Request) -> PageAsked:
    """The page of the query `?after=&until=&limit=`. Raises `InvalidRequest`."""
    query = request.query_params
    text = query.get("limit", str(IDS_MAX))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(IDS_MAX)) else 0
    if not 1 <= limit <= IDS_MAX:
        raise InvalidRequest(f"Give a number from 1 to {IDS_MAX}.", field="limit")
    after, until = (
        _uuid(query[name], name) if name in query else None for name in ("after", "until")
    )
    return PageAsked(after, until, limit)


def _uuid(text: object, field: str) -> UUID:
    try:
        return UUID(text) if isinstance(text, str) else _refuse(field)
    except ValueError:
        return _refuse(field)


def _refuse(field: str) -> UUID:
    raise InvalidRequest("Not a UUID.", field=field)
