"""
How fast a console answers with a past of a million transactions, page by page.

Every list with every filter that it offers, searches, and rows; each several times, through the
whole of Django but the web server. Beside the times: how many statements a page needs, and which
tables of over 100,000 rows the database read as a whole for it.
"""

import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median, quantiles

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils.module_loading import import_string
from rich.console import Console
from rich.table import Table

from common.demo_history.scale import Scale
from tests.console_pages import Visited, details, filtered, lists, tables_scanned, visit

TRANSACTIONS = int(os.environ.get("BENCH_TRANSACTIONS", "1000000"))
USERS = int(os.environ.get("BENCH_USERS", "50000"))
DEAD_LETTERS = int(os.environ.get("BENCH_DEAD_LETTERS", "5000"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "10"))
LARGE_ROWS = 100_000
PAST_OF = {
    "identity.User": "users.demo_history.UsersPast",
    "auth.User": "transactions.demo_history.LedgerPast",
}
UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
TERMS = ("INV-0000", "zoe@", "amina.berg", "insufficient", "203.0.113.7")


def past_made() -> float:
    """Write the past of this service, unless an earlier run left it; how many seconds it took."""
    scale = Scale(TRANSACTIONS, USERS, DEAD_LETTERS, UNTIL)
    past_of = import_string(PAST_OF[get_user_model()._meta.label])
    past = past_of(scale, keep_from=scale.until - (scale.until - scale.begins_at) / 3)
    began = time.monotonic()
    if not past.is_whole():
        past.write(on_steps=lambda _: None)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    return time.monotonic() - began


def superuser() -> Client:
    model = get_user_model()
    members = {"is_staff": True, "is_superuser": True}
    if model._meta.label == "identity.User":
        members["status"] = "active"
    else:
        members["username"] = "bench"
    staff, _ = model.objects.get_or_create(email="bench@example.com", defaults=members)
    client = Client()
    client.force_login(staff)
    return client


def large_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE reltuples > %s", [LARGE_ROWS])
        return {name for (name,) in cursor.fetchall()}


def pages(client: Client) -> Iterator[str]:
    """The home, Ctrl-K, and every list with its filters, searches, other pages and some rows."""
    yield reverse("admin:index")
    for term in TERMS:
        yield f"{reverse('admin:search')}?extended=1&s={term}"
    for address in lists():
        page = visit(client, address)
        yield address
        yield from filtered(page)
        yield from details(page)
        yield from (f"{address}?p={place}" for place in ("last", *places(page)))
        for term in TERMS:
            yield f"{address}?q={term}"


def places(page: Visited) -> list[str]:
    """The places of the pages that a list leads to."""
    return re.findall(r'href="\?p=(after~[^"]*)"', page.content)


def measured(client: Client, address: str) -> list[float]:
    """Milliseconds of each time."""
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        client.get(address)
        took.append((time.perf_counter() - began) * 1000)
    return took


@pytest.mark.timeout(14_400)
@pytest.mark.django_db(transaction=True)
def test_pages_of_a_console():
    seconds = past_made()
    client, large = superuser(), large_tables()
    table = Table(box=None, pad_edge=False, title_justify="left")
    table.title = f"{TRANSACTIONS:,} transactions, {USERS:,} users, made in {seconds:,.0f} s"
    for column in ("page", "p50 ms", "p95 ms", "max ms", "statements", "read as a whole"):
        table.add_column(column, justify="left" if column == "page" else "right")
    everything: list[float] = []
    for address in pages(client):
        once = visit(client, address)  # the first time pays for what stays in memory
        took = measured(client, address)
        everything += took
        table.add_row(
            address,
            *(
                f"{one:,.0f}"
                for one in (median(took), quantiles(took, n=20, method="inclusive")[18], max(took))
            ),
            str(len(once.queries)),
            " ".join(sorted(tables_scanned(once.queries, large))),
        )
    console = Console(width=160)
    console.print(table)
    worst = quantiles(everything, n=20, method="inclusive")[18]
    console.print(
        f"all {len(everything):,} answers: p50 {median(everything):,.0f} ms,"
        f" p95 {worst:,.0f} ms, max {max(everything):,.0f} ms"
    )
    assert everything
