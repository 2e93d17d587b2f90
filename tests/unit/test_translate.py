from dataclasses import replace

import pytest

from common.events.contracts import TransactionCreatedV1
from common.events.topics import USERS_EVENTS
from common.inbox.arrival import Poison
from common.inbox.translate import arrive_early, effect_of
from common.inbox.wiring import Wiring
from tests.factories.events import NOON, record


def wired(handler):
    return Wiring(
        consumer="translating",
        topic=USERS_EVENTS,
        handlers={TransactionCreatedV1.TYPE: handler},
        open_batch=list,
    )


def collect(received):
    return lambda batch: batch.append(received.envelope.sequence)


class TestArriveEarly:
    def test_has_translated_the_event(self):
        batch = []

        item = arrive_early(wired(collect), record(sequence=4), consumed_at=NOON)
        item.effect(batch)

        assert batch == [4]

    def test_leaves_an_event_that_a_handler_fails_for_to_its_turn(self):
        def fail(_):
            raise LookupError

        item = arrive_early(wired(fail), record(), consumed_at=NOON)

        assert item.effect is None
        with pytest.raises(LookupError):
            effect_of(wired(fail), item)

    def test_leaves_out_what_no_handler_is_for(self):
        wiring = wired(collect)

        item = arrive_early(
            Wiring(consumer="idle", topic=USERS_EVENTS, handlers={}, open_batch=list),
            record(),
            consumed_at=NOON,
        )

        assert item.effect is None
        assert effect_of(wiring, item) is not None

    def test_is_poison_where_arriving_is(self):
        item = arrive_early(wired(collect), replace(record(), value=b"{"), consumed_at=NOON)

        assert isinstance(item, Poison)
