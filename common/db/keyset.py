"""
Pages of a query that begin where another page ended: the last one costs what the first one does.

There are no numbers of pages and nothing is counted, so a page is named by a place: `after~` or
`before~` and the values that a row is sorted by, or `last`.
"""

from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

FIRST, LAST = "", "last"
_AFTER, _BEFORE = "after", "before"
_BETWEEN = "~"


class NoSuchPlace(Exception):
    """A place that no page of these rows has."""


class KeysetPage(NamedTuple):
    """Some rows in their order, and the places of the pages around them; None: there is none."""

    rows: list[Any]
    previous: str | None
    next: str | None


def keyset_page(rows: QuerySet[Any], *, size: int, place: str = FIRST) -> KeysetPage:
    """
    The rows of a place, `size` at most.

    They must be ordered by the names of columns that are never null, one of them unique.
    Raises `NoSuchPlace`.
    """
    order = _order(rows)
    backwards = place == LAST or place.startswith(_BEFORE + _BETWEEN)
    if place not in (FIRST, LAST):
        rows = rows.filter(_beyond(order, _values(order, place), backwards=backwards))
    found = list((rows.reverse() if backwards else rows)[: size + 1])
    goes_on, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
        return KeysetPage(
            found,
            _place(_BEFORE, order, found[0]) if goes_on else None,
            _place(_AFTER, order, found[-1]) if found and place != LAST else None,
        )
    return KeysetPage(
        found,
        _place(_BEFORE, order, found[0]) if found and place != FIRST else None,
        _place(_AFTER, order, found[-1]) if goes_on else None,
    )


def _order(rows: QuerySet[Any]) -> list[tuple[Any, bool]]:
    """What rows are sorted by, up to what tells any two apart: fields, and whether they descend."""
    options = rows.model._meta  # noqa: SLF001  Django's API
    order = []
    for name in map(str, rows.query.order_by):
        column = name.removeprefix("-")
        field = options.pk if column == "pk" else options.get_field(column)
        order.append((field, name.startswith("-")))
        if field.unique:
            break
    return order


def _place(side: str, order: list[tuple[Any, bool]], row: Any) -> str:
    return _BETWEEN.join([side, *(field.value_to_string(row) for field, _ in order)])


def _values(order: list[tuple[Any, bool]], place: str) -> list[Any]:
    side, *texts = place.split(_BETWEEN, len(order))
    if side not in (_AFTER, _BEFORE) or len(texts) != len(order) or "\x00" in place:
        raise NoSuchPlace(place)
    try:
        return [field.to_python(text) for (field, _), text in zip(order, texts, strict=True)]
    except ValidationError as error:
        raise NoSuchPlace(place) from error


def _beyond(order: list[tuple[Any, bool]], values: list[Any], *, backwards: bool) -> Q:
    """What is true of the rows on the far side of these values."""
    beyond, equal = Q(), Q()
    for (field, descends), value in zip(order, values, strict=True):
        less = descends != backwards
        beyond |= equal & Q(**{f"{field.name}__{'lt' if less else 'gt'}": value})
        equal &= Q(**{field.name: value})
    first, descends = order[0]
    # Of an OR alone, no index knows where to begin.
    bound = "lte" if descends != backwards else "gte"
    return Q(**{f"{first.name}__{bound}": values[0]}) & beyond
