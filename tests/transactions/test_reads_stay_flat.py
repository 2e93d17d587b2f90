"""
What reads cost does not depend on how much was posted.

`LEDGER_POSTINGS` says how many postings there are: 100,000, or ten million for the figures in
docs/ledger.md.
"""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.transactions.books import execute
from transactions.ledger import balances
from transactions.ledger.statements import Period, statement_lines, statement_page

POSTINGS = int(os.environ.get("LEDGER_POSTINGS", "100000"))
WALLETS = 1_000
START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(milliseconds=POSTINGS)
MIDDLE = START + (END - START) / 2
HOT = UUID(int=WALLETS)
"""A wallet with half of all postings, and a user of the same id; the rest share the others."""

_FILL = """
SET LOCAL statement_timeout = 0;
ALTER TABLE ledger_account DISABLE TRIGGER USER;
ALTER TABLE ledger_transaction DISABLE TRIGGER USER;
ALTER TABLE ledger_posting DISABLE TRIGGER USER;
CREATE FUNCTION pg_temp.id(n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
    RETURN lpad(to_hex(n), 32, '0')::uuid;
INSERT INTO ledger_account (id, owner, role, currency, normal_side, status, debits_posted,
        credits_posted, debits_pending, credits_pending, opened_at, last_recorded_at)
    SELECT pg_temp.id(n), pg_temp.id(n), '', 'EUR', 'credit', 'open', 0, %(postings)s, 0, 0,
        %(start)s, %(end)s
    FROM generate_series(1, %(wallets)s) AS n;
INSERT INTO ledger_transaction (id, kind, state, amount, currency, debit_account_id,
        credit_account_id, stream, requested_by, rejection_code, effective_at, recorded_at,
        captured_amount, source_event_id, source_sequence, source_partition, source_offset)
    SELECT pg_temp.id(n), 'deposit', 'posted', 1, 'EUR', pg_temp.id(1), pg_temp.id(1),
        pg_temp.id(1), pg_temp.id(1), '', %(start)s, %(start)s, 1, pg_temp.id(n), n, 0, n
    FROM generate_series(0, %(postings)s / 4) AS n;
INSERT INTO ledger_posting (transaction_id, account_id, direction, layer, amount, balance_after,
        recorded_at)
    SELECT pg_temp.id(n / 4),
        pg_temp.id(CASE n %% 2 WHEN 0 THEN %(wallets)s ELSE n %% %(wallets)s END),
        'credit', CASE WHEN n %% 10 < 2 THEN 'pending' ELSE 'posted' END, 1, n,
        %(start)s + n * interval '1 millisecond'
    FROM generate_series(1, %(postings)s) AS n;
ANALYZE ledger_account, ledger_transaction, ledger_posting;
"""


def nodes_of(plan):
    """A plan's nodes, depth first."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes_of(child)


def cost_of(read):
    """
    Run and explain a read: its result, and the blocks that its statements touched.

    Fails when one of them reads postings or transactions otherwise than by an index.
    """
    begun = time.perf_counter()
    with CaptureQueriesContext(connection) as captured:
        result = read()
    took_ms = (time.perf_counter() - begun) * 1000
    blocks = 0
    for query in captured:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query['sql']}")
            (explained,) = cursor.fetchone()
        (root,) = json.loads(explained) if isinstance(explained, str) else explained
        scans = {
            (node["Relation Name"], node["Node Type"], node.get("Index Name"))
            for node in nodes_of(root["Plan"])
            if node.get("Relation Name") in {"ledger_posting", "ledger_transaction"}
        }
        assert scans <= {
            ("ledger_posting", "Index Scan", "posting_by_account_layer_time"),
            ("ledger_transaction", "Index Scan", "ledger_transaction_pkey"),
        }
        blocks += root["Plan"]["Shared Hit Blocks"] + root["Plan"]["Shared Read Blocks"]
    print(f"{POSTINGS:,} postings: {took_ms:.1f} ms, {blocks} blocks")
    return result, blocks


@pytest.mark.django_db
@pytest.mark.timeout(3600)
class TestReads:
    @pytest.fixture(autouse=True)
    def books(self):
        execute(_FILL, {"postings": POSTINGS, "wallets": WALLETS, "start": START, "end": END})

    def test_touch_a_few_blocks_however_much_there_is(self):
        """All in one test: filling the tables takes longer than everything else."""
        for moment, posted in ((MIDDLE, POSTINGS // 2), (END, POSTINGS)):
            reading, blocks = cost_of(
                lambda moment=moment: balances.wallet_read(account_id=HOT, owner=HOT, as_of=moment)
            )
            assert posted - 10 <= reading.posted <= posted
            assert blocks <= 20

        for start in (None, MIDDLE, END):
            page, blocks = cost_of(
                lambda start=start: statement_page(
                    account_id=HOT, period=Period(start), after=None, limit=100
                )
            )
            assert (len(page.lines), page.has_more) == ((0, False) if start == END else (100, True))
            assert blocks <= 6 * 101

        lines, blocks = cost_of(
            lambda: next(statement_lines(account_id=HOT, period=Period(MIDDLE)))
        )
        assert len(lines) == 1_000
        assert blocks <= 6 * 1_000
