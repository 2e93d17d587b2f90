"""What somebody types into the search box of a list, as conditions that indexes answer."""

from collections.abc import Sequence
from functools import reduce
from ipaddress import ip_address
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q

TERM_MAX = 254
PREFIX_MIN = 3
"""Fewer characters begin too much."""

_PEOPLE_MAX = 20
_NUMBER_DIGITS_MAX = 18


class Searched:
    """
    Fields of a model that can be looked up, each by an index of its own table.

    Whatever is joined is looked up first: a condition over two tables is answered by no index.
    """

    def __init__(
        self,
        *,
        ids: Sequence[str] = (),
        exact: Sequence[str] = (),
        prefixes: Sequence[str] = (),
        numbers: Sequence[str] = (),
        addresses: Sequence[str] = (),
        people: Sequence[str] = (),
    ) -> None:
        """`addresses` are of the internet; `people` users, who are found by their e-mail."""
        self._ids, self._exact, self._prefixes = ids, exact, prefixes
        self._numbers, self._addresses, self._people = numbers, addresses, people

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that is looked at."""
        return (
            *(*self._ids, *self._exact, *self._prefixes, *self._numbers),
            *(*self._addresses, *self._people),
        )

    def condition(self, term: str) -> Q | None:
        """What rows must fulfil to be found; None when nothing can be."""
        term = term.strip()
        if not term or len(term) > TERM_MAX or "\x00" in term:
            return None
        conditions = [Q(**{field: term}) for field in self._exact]
        if (wanted := _uuid(term)) is not None:
            conditions += [Q(**{field: wanted}) for field in self._ids]
        if term.isdecimal() and term.isascii() and len(term) <= _NUMBER_DIGITS_MAX:
            conditions += [Q(**{field: int(term)}) for field in self._numbers]
        if (address := _ip(term)) is not None:
            conditions += [Q(**{field: address}) for field in self._addresses]
        if len(term) >= PREFIX_MIN:
            conditions += [Q(**{f"{field}__startswith": term}) for field in self._prefixes]
        if self._people and "@" in term:
            people = _people_with(term)
            conditions += [Q(**{f"{field}__in": people}) for field in self._people if people]
        return reduce(or_, conditions) if conditions else None


def _uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def _ip(term: str) -> str | None:
    try:
        return str(ip_address(term))
    except ValueError:
        return None


def _people_with(address: str) -> list[Any]:
    users = get_user_model()._default_manager  # noqa: SLF001  Django's API
    found = users.filter(email__startswith=address.lower()).order_by("email")
    return list(found.values_list("pk", flat=True)[:_PEOPLE_MAX])
