"""One transfer over the real road, and what the page of it in each console tells of that road."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import pairwise
from typing import NamedTuple

import pytest

from tests.e2e.client import wait_for
from tests.e2e.test_consoles import sign_in
from tests.e2e.test_road import fund

# Kafka's timestamps are of whole milliseconds, cut off; the rest is of one machine's clock.
CLOCKS_DIFFER = timedelta(milliseconds=2)
LONG = timedelta(seconds=20)


class Told(NamedTuple):
    """A step as a page tells it."""

    title: str
    at: datetime | None
    places: list[str]


def told(page: str) -> list[Told]:
    return [
        Told(
            re.search(r'timeline-title">(.*?)<', step)[1],
            _time(step),
            re.findall(r"partition \d+, offset \d+", step),
        )
        for step in re.findall(r'<li class="timeline-step.*?</li>', page, re.DOTALL)
    ]


def _time(step: str) -> datetime | None:
    found = re.search(r'<time datetime="(.*?)"', step)
    return datetime.fromisoformat(unescape(found[1])) if found else None


@pytest.fixture(scope="module")
def consoles():
    return {service: sign_in(service) for service in ("users", "transactions")}


@pytest.fixture
def transfer(bank, alice, bob):
    """The id of a transfer that both services are done with."""
    fund(bank, alice, 1000)
    made = alice.submit(kind="transfer", amount=250, counterparty=bob.id).json()["id"]
    assert alice.outcome(made)["status"] == "posted"
    return made


def ledger_page(consoles, transfer) -> str:
    def look() -> str | None:
        page = consoles["transactions"].get(f"/admin/ledger/ledgertransaction/{transfer}/change/")
        assert page.status_code == 200
        # The publisher marks what Kafka has confirmed after users may have read it.
        return None if "timeline-awaited" in page.text else page.text

    return wait_for("the announcement", look)


def test_both_consoles_tell_the_same_road_in_order(consoles, transfer):
    before = datetime.now(UTC) - LONG
    users = consoles["users"].get(f"/admin/submissions/transactionrequest/{transfer}/change/")
    here, there = told(users.text), told(ledger_page(consoles, transfer))

    assert [step.title for step in here] == [
        *("Accepted", "Stored", "Published", "Consumed by the ledger", "Decided", "Announced"),
        "Settled",
    ]
    assert [step.title for step in there] == [
        *("Accepted", "Published", "Consumed by the ledger", "Decided", "Announced")
    ]
    for steps in (here, there):
        times = [step.at for step in steps]
        assert None not in times
        assert all(later >= earlier - CLOCKS_DIFFER for earlier, later in pairwise(times))
        assert before < times[0]
        assert times[-1] < datetime.now(UTC) + CLOCKS_DIFFER
    by_title = {step.title: step for step in here}
    for step in there:
        assert by_title[step.title].places == step.places
        if step.title != "Announced":  # confirmed here, and Kafka's own time there
            assert by_title[step.title].at == step.at


def test_each_page_leads_to_its_twin(consoles, transfer):
    users = consoles["users"].get(f"/admin/submissions/transactionrequest/{transfer}/change/")
    twin = re.search(r'href="(http[^"]+/admin/ledger/ledgertransaction/[^"]+)"', users.text)[1]

    ledger = consoles["transactions"].get(twin)

    assert ledger.status_code == 200
    back = re.search(r'href="(http[^"]+/admin/submissions/[^"]+)"', ledger.text)[1]
    assert consoles["users"].get(back).url == users.url
