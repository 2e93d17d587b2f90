"""Every route that a service resolves, with the methods that its view has."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from tests.policy.callers import METHODS

CONSOLE = "admin/"
_CONVERTER = re.compile(r"<(?:(?P<type>\w+):)?(?P<name>\w+)>")
_FILLED = {"uuid": "01980000-0000-7000-8000-000000000000", "int": "1", "path": "1", "str": "x"}


class Route(NamedTuple):
    """A pattern and what answers it."""

    pattern: str
    view: Callable[..., Any]

    def __str__(self) -> str:
        return self.pattern

    @property
    def view_class(self) -> type | None:
        return getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)

    @property
    def methods(self) -> set[str] | None:
        """The methods that its class has handlers for; None for a function."""
        if self.view_class is None:
            return None
        # Every class of Django's answers OPTIONS somehow; rules say how.
        names = {name for name in METHODS if hasattr(self.view_class, name.lower())}
        return names - {"OPTIONS"}

    @property
    def is_console(self) -> bool:
        return self.pattern.startswith(CONSOLE)


def routes() -> list[Route]:
    """All of them, the first of each pattern: that is the one that answers."""
    found: dict[str, Route] = {}
    for route in _walk(get_resolver().url_patterns, ""):
        found.setdefault(route.pattern, route)
    return list(found.values())


def path_of(pattern: str, ids: Mapping[str, object]) -> str:
    """An address that the pattern matches; what `ids` does not name is filled with anything."""

    def fill(match: re.Match[str]) -> str:
        return str(ids.get(match["name"], _FILLED[match["type"] or "str"]))

    plain = re.sub(r"\(\?(?:P<\w+>|:)([^|)]*)[^)]*\)", r"\1", pattern)
    return "/" + _CONVERTER.sub(fill, plain).replace("^", "").rstrip("$").replace(".*", "x")


def has_ids(pattern: str) -> bool:
    return bool(_CONVERTER.search(pattern))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for each in patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, pattern)
        else:
            yield Route(pattern, each.callback)
