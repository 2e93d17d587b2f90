"""Kafka is stopped under load: nobody who asks notices, and everything drains in order after."""

import threading
import time

import pytest

from tests.chaos import killing
from tests.chaos.load import FULL, assert_all_holds, now, p99_ms, under_load

AWAY_S = 60 if FULL else 5
USUAL_S = 20 if FULL else 3


@pytest.mark.timeout(900)
def test_no_request_fails_while_kafka_is_away(people):
    since, began = now(), time.monotonic()

    with under_load(people) as workload:
        threading.Event().wait(USUAL_S)
        killing.stop("kafka")
        stopped = time.monotonic()
        threading.Event().wait(AWAY_S)
        away_until = time.monotonic()
        killing.start("kafka")
        killing.wait_until_back("kafka")

    usual = p99_ms(workload, begin=began, end=stopped)
    away = p99_ms(workload, begin=stopped, end=away_until)
    print(f"\np99 of an answer: {usual:.0f} ms usually, {away:.0f} ms in {AWAY_S} s without Kafka")
    assert workload.journal.unanswered == {}
    assert_all_holds(workload, since=since)
