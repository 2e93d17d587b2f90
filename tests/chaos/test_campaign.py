"""
A seeded schedule of faults under load; afterwards nothing is lost, doubled or out of order.

`./manage_all.sh chaos --kills N --seed S --minutes M` runs it long, `test` a sample of it.
"""

import os
import random
import time
from datetime import UTC, datetime

import pytest

from tests.chaos import checker, killing, links
from tests.chaos.bank import Bank
from tests.chaos.faults import strike
from tests.chaos.journal import Journal
from tests.chaos.people import Person, settled_after
from tests.chaos.report import Report
from tests.chaos.schedule import Planned, plan
from tests.chaos.workload import Workload, highest_rate

SEED = int(os.environ.get("CHAOS_SEED", "20260102"))
KILLS = os.environ.get("CHAOS_KILLS", "")
MINUTES = float(os.environ.get("CHAOS_MINUTES", "0"))
SHARE_OF_HIGHEST = 0.6
MEASURED_S = 5.0 if KILLS else 2.0
PROBES = 2
SAMPLE = (
    Planned("kill", "transactions-consumer"),
    Planned("kill", "postgres-transactions"),
    Planned("blackhole", "link postgres-transactions", seconds=1),
    Planned("kill", "users-web"),
    Planned("reset", "link kafka-transactions"),
    Planned("kill", "kafka"),
)


def faults_planned() -> list[Planned]:
    """The sample without CHAOS_KILLS."""
    if not KILLS:
        return list(SAMPLE)
    return plan(seed=SEED, kills=int(KILLS), processes=killing.names(), links=links.names())


@pytest.mark.timeout(4 * 3600)
def test_whatever_happens_every_accepted_transaction_has_one_outcome(people):
    began, since = time.monotonic(), datetime.now(UTC)
    probes, clients = people[:PROBES], people[PROBES:]
    highest, measured = highest_rate(clients, seed=SEED, seconds=MEASURED_S)
    report = Report(seed=SEED, highest_rate=highest, rate=highest * SHARE_OF_HIGHEST)
    print(f"\nhighest sustainable rate {highest:.0f}/s; the run goes at {report.rate:.0f}/s")
    workload = Workload(clients, seed=SEED, rate=report.rate, journal=measured)
    bank = Bank()
    bank.start()
    workload.start()

    try:
        for planned in faults_planned():
            if MINUTES and time.monotonic() - began > MINUTES * 60:
                break
            workload.wait_for_more(max(1, int(report.rate)))
            _strike(planned, report, probes)
        report.live_s = settled_after(*probes)
    finally:
        workload.stop()

    wrong = checker.resolve_unknown(workload.journal)
    report.drain_s = checker.wait_for_rest()
    bank.stop()
    report.verdicts = checker.verdicts(workload.journal, bank=bank, since=since)
    report.counts = _counts(workload.journal, bank)
    report.seconds = time.monotonic() - began
    print("\n".join(report.lines()))
    print(f"the whole report is in {report.write()}")
    assert wrong == []
    assert checker.violated(report.verdicts) == {}


def _strike(planned: Planned, report: Report, probes: list[Person]) -> None:
    chance = random.Random(f"{SEED}/{len(report.faults)}")  # noqa: S311  a seed, not a secret
    struck = strike(planned, people=probes, chance=chance, began=report.began)
    report.faults.append(struck)
    ready = "" if struck.ready_s is None else f"ready after {struck.ready_s:.1f} s, "
    print(f"{struck.at_s:7.1f} s  {planned}: {ready}settled after {struck.settled_s:.1f} s")


def _counts(journal: Journal, bank: Bank) -> dict[str, int]:
    return {
        "accepted": len(journal.accepted),
        "of them without a first answer": sum(e.attempts > 1 for e in journal.accepted),
        "unknown until healed": sum(e.unknown_before for e in journal.accepted),
        "lost answers": journal.unanswered.total(),
        "snapshots of the books": bank.snapshots,
    }
