"""
What must hold at the end, whatever happened; the numbers are those of the chaos checker.

I7b as it is checked here: in the order in which a topic was written, whatever its partitions
were, the first appearances of each stream's sequences are 1, 2, 3, … It holds with zombies and
with publishers that die, because a round is always sent from its beginning. It does not hold where
a delivery fails: what the client had sent behind the failed record may arrive all the same.
"""

from collections import Counter, defaultdict
from uuid import UUID

from common.events.envelope import EnvelopeInvalid, headers_decode
from common.inbox.arrival import Poison
from tests.simulation.business import EFFECTS
from tests.simulation.faults import Faults
from tests.simulation.inbox_tables import CURSORS, WAITING
from tests.simulation.outbox_tables import MESSAGES, STREAMS
from tests.simulation.places import Side
from tests.simulation.requests import KEYS, REQUESTS
from tests.simulation.world import World


class Violated(AssertionError):
    """A promise was broken."""


def is_drained(world: World) -> bool:
    """Whether nothing is left to do, and everything that can be read was read."""
    if world.queue or any(process.place.in_hand for process in world.scheduler.processes):
        return False
    return all(_side_is_drained(world, side) for side in world.sides)


def _side_is_drained(world: World, side: Side) -> bool:
    tables = side.database.tables
    cursors = side.peer.database.tables.get(CURSORS, {})
    return (
        all(row.published_at is not None for row in tables.get(MESSAGES, {}).values())
        and all(
            head.last_sequence == (cursors[stream].last_sequence if stream in cursors else 0)
            for stream, head in tables[STREAMS].items()
        )
        and world.broker.is_read(side.wiring.consumer)
    )


def check(world: World, faults: Faults) -> None:
    """Raise `Violated` for the first promise that does not hold."""
    _check_accepted(world)
    for side in world.sides:
        _check_outbox(side)
        _check_effects(world, side)
        if not faults.fail_deliveries:
            _check_topic(world, side)
        _check_waiting(side)
    if not faults.kinds:
        _check_quiet(world)
    _check_settled(world)
    _check_gates(world)
    _check_strangers(world, faults)


def _check_accepted(world: World) -> None:
    """I1 and I3: what was answered is there, once per key, and announced once."""
    tables = world.users.database.tables
    announced = Counter(row.subject for row in tables.get(MESSAGES, {}).values())
    for intent in world.intents:
        if not intent.is_answered:
            raise Violated(f"I3: {intent.key} was never answered")
        if len(set(intent.answers)) > 1:
            raise Violated(f"I3: {intent.key} has several requests: {intent.answers}")
    for request_id in tables.get(REQUESTS, {}):
        if announced[str(request_id)] != 1:
            raise Violated(f"I1: {request_id.int} was announced {announced[str(request_id)]} times")
    claimed = set(tables.get(KEYS, {}).values())
    answered = {answer for intent in world.intents for answer in intent.answers}
    if not answered <= claimed or claimed != set(tables.get(REQUESTS, {})):
        raise Violated("I1: an answered request is not there")


def _check_outbox(side: Side) -> None:
    """Every stream counts 1, 2, 3, … up to its head."""
    by_stream = defaultdict(list)
    for _, row in sorted(side.database.tables.get(MESSAGES, {}).items()):
        by_stream[row.stream].append(row.sequence)
    for stream, head in side.database.tables[STREAMS].items():
        if by_stream[stream] != list(range(1, head.last_sequence + 1)):
            raise Violated(f"{side.source} {stream.int} announced {by_stream[stream]}")


def _check_effects(world: World, side: Side) -> None:
    """I6 and I7: every event took effect once, in its turn."""
    peer = side.peer.database.tables
    ids = {(row.stream, row.sequence): row.id for row in peer.get(MESSAGES, {}).values()}
    applied = defaultdict(list)
    for _, effect in sorted(side.database.tables.get(EFFECTS, {}).items()):
        applied[effect.stream].append(effect.sequence)
        if ids[effect.stream, effect.sequence] != effect.event_id:
            raise Violated(f"I6: {effect} is not the event of its place")
    for stream, head in peer[STREAMS].items():
        if applied[stream] != list(range(1, head.last_sequence + 1)):
            raise Violated(f"I7: {side.source} applied {applied[stream]} of {stream.int}")


def _check_topic(world: World, side: Side) -> None:
    """I7b: see the module."""
    reached: Counter[UUID] = Counter()
    ids = {row.id for row in side.database.tables.get(MESSAGES, {}).values()}
    for record in world.broker.written.get(side.topic, []):
        try:
            envelope = headers_decode(record.headers)
        except EnvelopeInvalid:
            continue
        if envelope.id not in ids or envelope.sequence <= reached[envelope.stream]:
            continue
        if envelope.sequence != reached[envelope.stream] + 1:
            raise Violated(
                f"I7b: {side.topic} has {envelope.sequence} of {envelope.stream.int} after"
                f" {reached[envelope.stream]}"
            )
        reached[envelope.stream] += 1


def _check_quiet(world: World) -> None:
    """Where nothing goes wrong, the publishers' lock saves every second copy."""
    for topic, records in world.broker.written.items():
        copies = Counter(dict(record.headers)["ce_id"] for record in records)
        if twice := [event_id for event_id, count in copies.items() if count > 1]:
            raise Violated(f"{topic} has events twice although nothing failed: {twice}")


def _check_waiting(side: Side) -> None:
    """I8: nothing waits for ever, and nothing but strangers is dead."""
    for row_id, row in side.database.tables.get(WAITING, {}).items():
        if row.state == "waiting" or (row.state == "dead" and not isinstance(row.item, Poison)):
            raise Violated(f"I8: {side.source} keeps {row_id}: {row.state} {row.error}")


def _check_settled(world: World) -> None:
    """I2: every request has its outcome."""
    for request in world.users.database.tables.get(REQUESTS, {}).values():
        if request.status != "rejected":
            raise Violated(f"I2: {request.id.int} is {request.status}")


def _check_gates(world: World) -> None:
    """While a stream is closed, it takes no requests."""
    closed: dict[UUID, bool] = {}
    for _, row in sorted(world.users.database.tables.get(MESSAGES, {}).items()):
        if row.type == "transaction_created.v1":
            if closed.get(row.stream):
                raise Violated(f"a request was accepted in the closed stream {row.stream.int}")
        else:
            closed[row.stream] = row.type == "user_registered.v1"


def _check_strangers(world: World, faults: Faults) -> None:
    """I8: every strange record is kept, once, with its bytes."""
    kept = Counter(
        row.item.record.value
        for side in world.sides
        for row in side.database.tables.get(WAITING, {}).values()
        if isinstance(row.item, Poison)
    )
    written = Counter(
        record.value
        for records in world.broker.written.values()
        for record in records
        if record.value.startswith(b"strange")
    )
    if kept - written:
        raise Violated(f"I8: kept more than once: {kept - written}")
    repeats = "repeat_record" in faults.names
    if not faults.lose_records and (set(kept) if repeats else kept) != (
        set(written) if repeats else written
    ):
        raise Violated(f"I8: strange records are missing: {written - kept}")
