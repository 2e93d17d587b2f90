"""What internal routes are asked with: a list of ids, or where a page begins."""

from typing import NamedTuple
from uuid import UUID

from rest_framework.request import Request

from common.api.errors import InvalidRequest

IDS_MAX = 1000
_DIGITS_MAX = 18


class PageAsked(NamedTuple):
    """The rows after `after` (None: from the first), up to and without `until`."""

    after: UUID | None
    until: UUID | None
    limit: int


class NumbersAsked(NamedTuple):
    """The rows numbered above `after`."""

    after: int
    limit: int


def ids_asked(request: Request) -> list[UUID]:
    """The distinct ids of the body `{"ids": […]}`, sorted. Raises `InvalidRequest`."""
    body = request.data if isinstance(request.data, dict) else {}
    ids = body.get("ids")
    if not isinstance(ids, list) or len(ids) > IDS_MAX:
        raise InvalidRequest(f"Give a list of at most {IDS_MAX} ids.", field="ids")
    if unknown := sorted(set(body) - {"ids"}):
        raise InvalidRequest("This member is not known.", field=unknown[0][:100])
    return sorted({_uuid(text, "ids") for text in ids})


def page_asked(request: Request) -> PageAsked:
    """The page of the query `?after=&until=&limit=`. Raises `InvalidRequest`."""
    query = request.query_params
    after, until = (
        _uuid(query[name], name) if name in query else None for name in ("after", "until")
    )
    return PageAsked(after, until, _limit(request))


def numbers_asked(request: Request) -> NumbersAsked:
    """The page of the query `?after=&limit=` over numbers. Raises `InvalidRequest`."""
    after = _number(request.query_params.get("after", "0"))
    if after is None:
        raise InvalidRequest("Give a whole number.", field="after")
    return NumbersAsked(after, _limit(request))


def _limit(request: Request) -> int:
    limit = _number(request.query_params.get("limit", str(IDS_MAX)))
    if limit is None or not 1 <= limit <= IDS_MAX:
        raise InvalidRequest(f"Give a number from 1 to {IDS_MAX}.", field="limit")
    return limit


def _number(text: str) -> int | None:
    """What digits say, within what a bigint holds; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else None


def _uuid(text: object, field: str) -> UUID:
    try:
        return UUID(text) if isinstance(text, str) else _refuse(field)
    except ValueError:
        return _refuse(field)


def _refuse(field: str) -> UUID:
    raise InvalidRequest("Not a UUID.", field=field)
