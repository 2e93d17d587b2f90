"""Reads what the home page of a console says."""

import html
import json
import re

from django.db import connection

from tests.console_pages import tables_scanned, visit

STREAMS = 50_000


def figure(text, title):
    """Value, word and detail of a figure as somebody reads them."""
    found = re.search(rf'<p class="mb-2">{title}</p>(.*?)</(?:a|div)>\s*(?=<|$)', text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def drawn(text, title):
    """What a chart draws: the sum of each of its datasets."""
    canvas = re.search(rf'aria-label="{title}[^"]*"[^>]*data-value="([^"]*)"', text)
    data = json.loads(html.unescape(canvas[1]))
    return {one["label"]: sum(filter(None, one["data"])) for one in data["datasets"]}


def peer_cursors_make(verdict):
    """As many streams as there are people in a large past, all of one verdict."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO peer_cursor (stream, sequence, event_id, verdict, seen_at)"
            " SELECT gen_random_uuid(), 1, gen_random_uuid(), %s, now()"
            " FROM generate_series(1, %s)",
            [verdict, STREAMS],
        )
        cursor.execute("ANALYZE peer_cursor")


def cursors_read(client, address="/admin/"):
    """How many rows of cursors a page reads, and whether it reads the table as a whole."""
    page = visit(client, address)
    assert page.status == 200
    about = [query for query in page.queries if "peer_cursor" in query]
    rows = 0
    with connection.cursor() as cursor:
        for query in about:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}", [])
            rows += sum(_rows_of(cursor.fetchone()[0][0]["Plan"]))
    return rows, bool(tables_scanned(about, {"peer_cursor"}))


def _rows_of(plan):
    """What each node that reads the table has looked at: what it returned and what it dropped."""
    if plan.get("Relation Name") == "peer_cursor":
        looked_at = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield int(looked_at * plan["Actual Loops"])
    for part in plan.get("Plans", ()):
        yield from _rows_of(part)


class HomeOfManyStreams:
    """The home page with tens of thousands of streams; each service brings `staff`."""

    def test_reads_few_cursors_whatever_most_of_them_say(self, staff):
        for verdict in ("agrees", "held"):
            connection.cursor().execute("TRUNCATE peer_cursor")
            peer_cursors_make(verdict)
            staff.get("/admin/")

            rows, whole = cursors_read(staff)

            assert not whole, verdict
            assert rows <= 1_001, verdict

    def test_says_that_there_are_more_than_it_counts(self, staff):
        peer_cursors_make("held")

        text = staff.get("/admin/").content.decode()

        assert figure(text, "Held streams").startswith("1,000+ held")
        assert figure(text, "Lost events").startswith("0")

    def test_leads_to_lists_that_read_few_cursors(self, staff):
        peer_cursors_make("agrees")

        for verdict in ("agrees", "held", "young"):
            address = f"/admin/reconciliation/peercursor/?verdict__exact={verdict}"
            rows, whole = cursors_read(staff, address)
            assert not whole, verdict
            assert rows <= 200, verdict
