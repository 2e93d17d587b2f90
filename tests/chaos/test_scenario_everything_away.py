"""Kafka, the ledger and its database are gone at once: accepting goes on, and all of it settles."""

import threading
import time

import pytest

from tests.chaos import killing
from tests.chaos.load import FULL, assert_all_holds, median_ms, now, p99_ms, under_load

AWAY_S = 60 if FULL else 8
USUAL_S = 20 if FULL else 5
SLACK_MS = 100
"""Less than anybody waits for what is away."""
STORES = ["kafka", "postgres-transactions"]


def ledger() -> list[str]:
    """Every process of transactions, which ends before the stores that it writes to."""
    return [name for name in killing.names() if name.startswith("transactions-")]


@pytest.mark.timeout(900)
def test_requests_are_accepted_as_ever_while_all_behind_them_is_away(people):
    since, began = now(), time.monotonic()

    with under_load(people) as workload:
        threading.Event().wait(USUAL_S)
        usually, stopped = len(workload.journal.accepted) / USUAL_S, time.monotonic()
        for together in (ledger(), STORES):
            killing.stop_all(together)
        gone = time.monotonic()
        before = len(workload.journal.accepted)
        threading.Event().wait(AWAY_S)
        taken = len(workload.journal.accepted) - before
        away_until = time.monotonic()
        for name in [*STORES, *ledger()]:
            killing.start(name)
        for name in [*STORES, *ledger()]:
            killing.wait_until_back(name)

    usual, away = {"begin": began, "end": stopped}, {"begin": gone, "end": away_until}
    half_usual, half_away = (median_ms(workload, **times) for times in (usual, away))
    print(
        f"\n{usually * AWAY_S:.0f} accepted in {AWAY_S} s usually, {taken} with users alone;"
        f" answers in {half_usual:.0f} ms usually, {half_away:.0f} ms then,"
        f" p99 {p99_ms(workload, **usual):.0f} and {p99_ms(workload, **away):.0f} ms"
    )
    print(f"asked again because of {dict(workload.journal.unanswered)}")
    # The slowest answers of a busy machine say nothing: its clients give up, whatever is away.
    assert taken / AWAY_S > usually / 2
    assert half_away < half_usual * 3 + SLACK_MS
    assert_all_holds(workload, since=since)
