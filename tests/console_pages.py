"""Every list of a console with every filter that it offers, and what the database did for it."""

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

_FILTER_LINK = re.compile(
    r'href="(\?[^"]*__exact=[^"]*|\?(?:type|state|parked|to_state|action|currency)=[^"]*'
    r'|\?rejection_code=[^"]*)"'
)
_RANGES = {
    "time_from": ("time_from=2026-02-01T00:00&time_to=2026-02-02T00:00",),
    "amount_from": ("currency=EUR&amount_from=1000", "currency=EUR&amount_to=0.02"),
}


class Visited(NamedTuple):
    """A page as it was answered."""

    address: str
    status: int
    queries: list[str]
    content: str


def lists() -> Iterator[str]:
    """The address of every list."""
    for model in admin.site._registry:
        options = model._meta
        yield reverse(f"admin:{options.app_label}_{options.model_name}_changelist")


def visit(client: Client, address: str) -> Visited:
    """Ask for a page and note every statement."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
        content = response.content.decode() if not response.streaming else ""
    queries = [query["sql"] for query in captured.captured_queries]
    return Visited(address, response.status_code, queries, content)


def filtered(page: Visited) -> list[str]:
    """The addresses of a list with each of the filters that it offers."""
    base = page.address
    found = [base + html.unescape(link) for link in _FILTER_LINK.findall(page.content)]
    for name, queries in _RANGES.items():
        if f'name="{name}"' in page.content:
            found += [f"{base}?{query}" for query in queries]
    return list(dict.fromkeys(found))


def details(page: Visited, most: int = 2) -> list[str]:
    """The addresses of some of the rows of a list."""
    pattern = re.compile(rf'href="({re.escape(page.address)}[^"?/]+/change/)')
    return list(dict.fromkeys(pattern.findall(page.content)))[:most]


def bare_times(content: str) -> list[str]:
    """
    Times that are text alone, and no part of a sentence: they do not tell when that was elsewhere.
    """
    rest = re.sub(
        r"<time[^>]*>.*?</time>|<(pre|script|title)\b.*?</\1>", "", content, flags=re.DOTALL
    )
    text = re.sub(r"<[^>]*>", " ", rest)
    return re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?![:\d]| UTC)", text)


def tables_scanned(
    queries: Iterable[str], large: set[str], seen: set[str] | None = None
) -> set[str]:
    """
    Which large tables the database reads as a whole for statements that were captured.

    They are run: a plan that was not does not tell of queries within a recursive one. Those of
    `seen` are not looked at again, and the others become part of it: pages have much in common.
    """
    found: set[str] = set()
    seen = set() if seen is None else seen
    new = [query for query in dict.fromkeys(queries) if query not in seen]
    seen.update(new)
    with connection.cursor() as cursor:
        for query in new:
            if not query.lstrip().upper().startswith(("SELECT", "WITH")):
                continue
            cursor.execute(
                f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query.replace('%', '%%')}", []
            )
            plan = cursor.fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            found |= {node for node in _scanned(plan[0]["Plan"]) if node in large}
    return found


def _scanned(plan: dict) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from _scanned(part)
