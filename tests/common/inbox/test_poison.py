from dataclasses import replace

import pytest

from common.inbox.batch import batch_apply
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxWaiting
from tests.common.inbox.ledger_of_events import (
    applied_ids,
    arrivals_of,
    echo_wiring,
    ids_of,
    stream_of,
)
from tests.factories.events import ALICE, BOB, record

pytestmark = pytest.mark.django_db(transaction=True)


class TestPoison:
    def test_is_buried_once_with_its_bytes_and_stops_no_other_stream(self):
        broken = record(stream=ALICE, sequence=1)
        broken = replace(broken, value=b'{"amount": NaN}')
        good = stream_of(BOB, 1)

        for _ in range(2):
            batch_apply(echo_wiring(), arrivals_of(broken, *good))

        letter = InboxWaiting.objects.get()
        assert (letter.state, letter.error_class) == ("dead", "poison")
        assert bytes(letter.value) == b'{"amount": NaN}'
        assert (letter.stream, letter.sequence) == (ALICE, 1)
        assert applied_ids(BOB) == ids_of(good)

    def test_makes_later_events_of_its_stream_wait_and_is_superseded_by_a_valid_one(self):
        first, second = stream_of(ALICE, 2)
        broken = record(stream=ALICE, sequence=1, offset=9)
        broken = replace(broken, value=b"{")
        batch_apply(echo_wiring(), arrivals_of(broken, second))
        assert InboxWaiting.objects.filter(state="waiting").count() == 1

        batch_apply(echo_wiring(), arrivals_of(first))

        assert applied_ids(ALICE) == ids_of([first, second])
        assert InboxWaiting.objects.get().state == "superseded"

    @pytest.mark.parametrize(
        "members",
        [
            {"key": b"somebody-else"},
            {"key": None},
            {"value": None},
            {"headers": []},
            {"headers": [("ce_id", b"\xff")]},
            {"topic": "transactions.events"},
            {"timestamp_ms": 2**62},
            {"timestamp_ms": -(2**62)},
            {"value": b'{"debit_party": {"party": "us\\u0000er"}}'},
            {"value": b'{"kind": "%s"}' % (b"long" * 4000)},
        ],
    )
    def test_is_whatever_is_not_a_whole_event_of_the_topics_owner(self, members):
        broken = replace(record(stream=ALICE), **members)

        report = batch_isolate(echo_wiring(), arrivals_of(broken))

        assert (report.applied, report.dead) == (0, 1)
        letter = InboxWaiting.objects.get()
        assert (letter.error_class, letter.attempts) == ("poison", 1)
        assert letter.error
