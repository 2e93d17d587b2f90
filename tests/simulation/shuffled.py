"""Deliveries that are shuffled and repeated must come to the same end as those in order (F11)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from uuid import UUID

from common.events.topics import USERS_EVENTS, USERS_SOURCE
from common.inbox.arrival import Arrival, arrive
from common.inbox.batch import batch_apply
from common.inbox.placement import Cursor
from common.inbox.wiring import Wiring
from tests.factories.events import NOON, record
from tests.simulation.broker import Broker
from tests.simulation.business import EFFECTS, Effects
from tests.simulation.database import Database
from tests.simulation.inbox_tables import CURSORS, WAITING
from tests.simulation.places import Odds, Place, Side, numbered_id
from tests.simulation.scheduler import Scheduler

BATCH = 1000
TIMES = 5
"""How often every event is delivered."""

_PER_STREAM = 200
_WINDOW = 3000
"""How far from its place an event may be delivered, in deliveries."""


@dataclass(frozen=True)
class End:
    """What is there when everything was delivered: the effects of each stream, in order."""

    effects: dict[UUID, list[tuple[int, UUID]]]
    cursors: dict[UUID, Cursor]
    waiting: int
    most_waiting: int = 0


def shuffled_end(deliveries: int, *, seed: int) -> tuple[End, End]:
    """Deliver the same events in order and shuffled, at least so many times; both ends."""
    random = Random(seed)
    events = _events(-(-deliveries // TIMES))
    places = [
        (number * TIMES + random.random() * _WINDOW, number)
        for number in range(len(events))
        for _ in range(TIMES)
    ]
    shuffled = [events[number] for _, number in sorted(places)]
    return _deliver(events, seed), _deliver(shuffled, seed)


def _events(count: int) -> list[Arrival]:
    """Events of many streams, those of one stream in order and among those of others."""
    streams = -(-count // _PER_STREAM)
    return [
        arrive(
            record(stream=numbered_id(stream + 1), sequence=sequence, id=numbered_id(number)),
            consumed_at=NOON,
        )
        for number, (stream, sequence) in enumerate(
            (stream, sequence)
            for first in range(0, streams, 10)
            for sequence in range(1, _PER_STREAM + 1)
            for stream in range(first, min(first + 10, streams))
        )
    ]


def _deliver(arrivals: Sequence[Arrival], seed: int) -> End:
    scheduler, random = Scheduler(seed), Random(seed)
    side = Side(USERS_SOURCE, USERS_EVENTS, Database("shuffled"), Broker(random, partitions=1))
    wiring = Wiring(
        consumer="shuffled",
        topic=USERS_EVENTS,
        handlers={
            "transaction_created.v1": lambda received: lambda batch: batch.received.append(received)
        },
        open_batch=lambda: Effects(lambda _: None),
    )
    most = 0

    def consume() -> None:
        nonlocal most
        for start in range(0, len(arrivals), BATCH):
            batch_apply(wiring, arrivals[start : start + BATCH])
            most = max(most, len(side.database.tables.get(WAITING, {})))

    scheduler.spawn("consumer", consume, Place(side, random, Odds()))
    scheduler.steps_max = len(arrivals) * 10 + 1000
    scheduler.goal = lambda: not scheduler.processes
    scheduler.run()
    return _end(side.database, most)


def _end(database: Database, most_waiting: int) -> End:
    effects = defaultdict(list)
    for _, effect in sorted(database.tables[EFFECTS].items()):
        effects[effect.stream].append((effect.sequence, effect.event_id))
    waiting = len(database.tables.get(WAITING, {}))
    return End(dict(effects), database.tables[CURSORS], waiting, most_waiting)
