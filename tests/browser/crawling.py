"""Visits whatever a console leads to, by GET, as somebody who is signed in."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

import httpx

_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|(?<=/)\d+(?=/)")
_EVERY = 2
"""How many pages of one kind are visited, where it is not said."""
_NAMES_MAX = 2
"""How many filters at once: any number of them leads to ever more pages."""


@dataclass
class _Links(HTMLParser):
    """
    What leads elsewhere by GET: links, htmx's too, and forms as they are filled in.

    Of boxes to tick the first is ticked, and every button that has a name is pressed.
    """

    found: list[str] = field(default_factory=list)
    _form: str | None = None
    _filled: list[tuple[str, str]] = field(default_factory=list)
    _pressed: list[tuple[str, str]] = field(default_factory=list)
    _ticked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in ("href", "hx-get", "data-hx-get"):
            if name in given and tag != "link":
                self.found.append(given[name])
        if tag == "form" and given.get("method", "get").lower() == "get":
            self._form, self._filled, self._pressed = given.get("action", ""), [], []
            self._ticked = set()
        elif self._form is not None and given.get("name"):
            self._fill(tag, given)

    def _fill(self, tag: str, given: dict[str, str]) -> None:
        name, value = given["name"], given.get("value", "")
        if tag == "button":
            self._pressed.append((name, value))
        elif given.get("type") in {"checkbox", "radio"}:
            if name not in self._ticked:
                self._filled.append((name, value or "on"))
            self._ticked.add(name)
        elif tag in {"input", "select"}:
            self._filled.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            for pressed in self._pressed or [None]:
                filled = [*self._filled, pressed] if pressed else self._filled
                self.found.append(f"{self._form}?{urlencode(filled)}")
            self._form = None


@dataclass
class Crawl:
    """
    One walk through a console.

    Of pages that differ by an id or by the values of their query only, some are visited:
    `limits` says how many of which kind (see `kind_of`).
    """

    service: str
    cookies: dict[str, str]
    limits: dict[str, int] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    _kinds: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Begin at the home page and go wherever it leads."""
        base = os.environ[f"{self.service.upper()}_URL"]
        with httpx.Client(base_url=base, cookies=self.cookies, timeout=30, trust_env=False) as http:
            waiting = [("", "/admin/")]
            while waiting:
                origin, path = waiting.pop(0)
                if path not in self.pages and self._wanted(path):
                    waiting += [(path, link) for link in self._visit(http, origin, path)]

    def _wanted(self, path: str) -> bool:
        kind = kind_of(path)
        if kind.count("&") >= _NAMES_MAX:
            return False
        self._kinds[kind] += 1
        return self._kinds[kind] <= self.limits.get(kind, _EVERY)

    def _visit(self, http: httpx.Client, origin: str, path: str) -> Iterator[str]:
        answer = http.get(path)
        self.pages[path] = answer.text
        if answer.is_redirect:
            yield from self._own(path, [answer.headers["location"]])
        elif answer.status_code != httpx.codes.OK:
            self.broken.append(f"{answer.status_code} {path}, from {origin}")
        elif answer.headers["content-type"].startswith("text/html"):
            links = _Links()
            links.feed(answer.text)
            yield from self._own(path, links.found)

    def _own(self, path: str, links: list[str]) -> Iterator[str]:
        for link in links:
            target = urlsplit(urldefrag(urljoin(path, link)).url)
            if not target.netloc and target.path.startswith("/admin/"):
                # A page is the same page, wherever it leads back to.
                asked = parse_qsl(target.query, keep_blank_values=True)
                kept = [pair for pair in asked if pair[0] != "_changelist_filters"]
                yield target._replace(query=urlencode(kept)).geturl()


def kind_of(path: str) -> str:
    """What pages that differ by ids or by the values of their query have in common."""
    parts = urlsplit(path)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return _ID.sub("*", parts.path) + ("?" + "&".join(names) if names else "")


def cookies_of(storage_state: dict[str, Any]) -> dict[str, str]:
    """The cookies of somebody who signed in with the browser."""
    return {cookie["name"]: cookie["value"] for cookie in storage_state["cookies"]}
