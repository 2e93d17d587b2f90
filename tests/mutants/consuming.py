"""Bugs where events come in and take effect: steps 5 to 8 of the road."""

from tests.mutants.mutant import PLACEMENT, SIMULATION, Mutant

_CONSUMER = "common/inbox/consumer.py"
_BATCH = "common/inbox/batch.py"
_ISOLATE = "common/inbox/isolate.py"
_PLACEMENT = "common/inbox/placement.py"
_WAITING = "common/inbox/waiting.py"
_REPLAY = "tests/common/inbox/test_replay.py"
_TEST_BATCH = "tests/common/inbox/test_batch.py"
_TEST_POISON = "tests/common/inbox/test_poison.py"
_SAVE = (
    "    cursors_save(consumer=wiring.consumer, source=source, cursors=placing.cursors.values())\n"
)
_STORE = "    waiting_store(consumer=consumer, arrivals=list(placing.parked.values()))\n"

CONSUMING = (
    Mutant(
        name="offsets-first",
        what="commits the offsets to Kafka before the database",
        file=_CONSUMER,
        old="        self._unless_halted(apply)\n"
        "        self._ahead.wait()\n        self._source.commit(records)\n",
        new="        self._ahead.wait()\n        self._source.commit(records)\n"
        "        self._unless_halted(apply)\n",
        tests=(SIMULATION, "tests/common/inbox/test_consumer.py"),
    ),
    Mutant(
        name="database-error-swallowed",
        what="gives a batch up when the database is away, and commits its offsets",
        file=_CONSUMER,
        old="                failures += 1\n",
        new="                return None  # type: ignore[return-value]\n",
        tests=(SIMULATION, "tests/common/inbox/test_consumer.py"),
    ),
    Mutant(
        name="retry-only-part",
        what="tries only the first part of a batch again after a failure",
        file=_CONSUMER,
        old="            for start in range(0, len(arrivals), size):\n",
        new="            for start in range(0, 1 if failures else len(arrivals), size):\n",
        tests=(SIMULATION, "tests/common/inbox/test_consumer.py"),
    ),
    Mutant(
        name="no-sequence-check",
        what="applies whatever comes, whether something is missing before it or not",
        file=_PLACEMENT,
        old="        if self.forked or envelope.sequence > self.last_sequence + 1:\n"
        "            return Turn.WAIT\n",
        new="",
        tests=(PLACEMENT, SIMULATION),
    ),
    Mutant(
        name="gap-of-one-is-skipped",
        what="steps over one missing event",
        file=_PLACEMENT,
        old="envelope.sequence > self.last_sequence + 1:",
        new="envelope.sequence > self.last_sequence + 2:",
        tests=(SIMULATION, PLACEMENT),
    ),
    Mutant(
        name="last-one-again",
        what="does not take the event that was applied last for a duplicate",
        file=_PLACEMENT,
        old="        if envelope.sequence <= self.last_sequence:\n",
        new="        if envelope.sequence < self.last_sequence:\n",
        tests=(SIMULATION, PLACEMENT),
    ),
    Mutant(
        name="fork-not-noticed",
        what="takes another event under the last sequence for a duplicate",
        file=_PLACEMENT,
        old="            return Turn.FORKED\n",
        new="            return Turn.DUPLICATE\n",
        tests=(PLACEMENT,),
    ),
    Mutant(
        name="first-claimant-wins",
        what="applies the first of two events that wait for one place",
        file=_PLACEMENT,
        old="            self.contested[place] = [self.parked.pop(place), arrival]\n",
        new="            self.forked.append(arrival)\n",
        tests=(PLACEMENT,),
    ),
    Mutant(
        name="nothing-follows",
        what="leaves what waited where it is when the gap before it closes",
        file=_PLACEMENT,
        old="            yield due\n"
        "            due = self.parked.get((cursor.stream, cursor.last_sequence + 1))\n",
        new="            yield due\n            due = None\n",
        tests=(PLACEMENT, SIMULATION),
    ),
    Mutant(
        name="waiting-duplicates-kept",
        what="keeps what waited although it was applied from Kafka meanwhile",
        file=_PLACEMENT,
        old="""        turn = self.cursors[arrival.envelope.stream].turn_of(arrival.envelope)
        if turn is Turn.DUPLICATE:
            self._count_duplicate(arrival)
        elif turn is Turn.FORKED:
            self.forked.append(arrival)
        else:
            self.park(arrival)
""",
        new="        self.park(arrival)\n",
        tests=(PLACEMENT,),
    ),
    Mutant(
        name="waiting-applied-unchecked",
        what="applies what waited whether it was applied from Kafka meanwhile or not",
        file=_BATCH,
        old="            placing.take_up(item)\n    return loaded\n",
        new="""            place = placing.cursors[item.envelope.stream]
            placing.parked[item.envelope.stream, place.last_sequence + 2] = item
    return loaded
""",
        tests=(SIMULATION, _TEST_BATCH),
    ),
    Mutant(
        name="cursor-outside",
        what="saves the cursors in a transaction of their own, behind the effects'",
        file=_BATCH,
        old=_SAVE,
        new="""
    def save() -> None:
        with transaction.atomic():
            cursors_save(
                consumer=wiring.consumer, source=source, cursors=placing.cursors.values()
            )

    transaction.on_commit(save)
""",
        tests=(SIMULATION, _TEST_BATCH),
    ),
    Mutant(
        name="parked-after-the-offsets",
        what="keeps early events in memory, and stores them with the next batch",
        file=_BATCH,
        old=_STORE,
        new="""    import threading

    mine = threading.current_thread().__dict__.setdefault("late", [])
    late, mine[:] = list(mine), [a for a in placing.parked.values() if a.row_id is None]
    waiting_store(consumer=consumer, arrivals=late)
""",
        tests=(SIMULATION, _TEST_BATCH),
    ),
    Mutant(
        name="effects-before-the-cursor",
        what="applies events to cursors that it has not locked",
        file="common/inbox/cursors.py",
        old="            ORDER BY stream\n            FOR UPDATE\n",
        new="            ORDER BY stream\n",
        tests=("tests/common/test_lock_order.py",),
    ),
    Mutant(
        name="cursors-unsorted",
        what="locks the cursors of a batch the other way round",
        file="common/inbox/cursors.py",
        old="            ORDER BY stream\n",
        new="            ORDER BY stream DESC\n",
        tests=("tests/common/test_lock_order.py",),
    ),
    Mutant(
        name="cursors-begun-unsorted",
        what="begins the cursors of new streams the other way round",
        file="common/inbox/cursors.py",
        old="array_of(sorted(streams))",
        new="array_of(sorted(streams, reverse=True))",
        tests=("tests/common/test_lock_order.py",),
    ),
    Mutant(
        name="dead-letter-moves-the-cursor",
        what="lets a stream go on behind a dead letter",
        file=_BATCH,
        old=_SAVE,
        new="""    for item in poison:
        cursor = item.envelope and placing.cursors.get(item.envelope.stream)
        if cursor and item.envelope.sequence == cursor.last_sequence + 1:
            cursor.advance(item.envelope)
"""
        + _SAVE,
        tests=(SIMULATION, _TEST_POISON),
    ),
    Mutant(
        name="no-superseding",
        what="leaves a dead letter dead although the valid event of its place was applied",
        file=_WAITING,
        old="SET state = CASE WHEN kept.state = 'dead' THEN 'superseded'\n",
        new="SET state = CASE WHEN kept.state = 'dead' THEN 'dead'\n",
        tests=(_TEST_POISON,),
    ),
    Mutant(
        name="poison-vanishes",
        what="steps over a record that it cannot read, and keeps nothing",
        file=_BATCH,
        old="dead_store(consumer=consumer, dead=poison, error_class=classes.POISON),",
        new="dead_store(consumer=consumer, dead=[], error_class=classes.POISON),",
        tests=(SIMULATION, _TEST_POISON),
    ),
    Mutant(
        name="anybody-may-write",
        what="takes events of a service that does not own the topic",
        file="common/inbox/arrival.py",
        old="    if SOURCE_BY_TOPIC.get(record.topic) != envelope.source:\n",
        new="    if record.topic not in SOURCE_BY_TOPIC:\n",
        tests=(_TEST_POISON,),
    ),
    Mutant(
        name="key-unchecked",
        what="takes events whose Kafka key is not their stream",
        file="common/inbox/arrival.py",
        old="    if record.key != str(envelope.stream).encode():\n",
        new="    if record.key is None:\n",
        tests=(_TEST_POISON,),
    ),
    Mutant(
        name="transient-is-a-bug",
        what="makes a dead letter of an event that met a database error",
        file=_ISOLATE,
        old="    return is_transient(error) or isinstance(error, BreakerTripped)\n",
        new="    return isinstance(error, BreakerTripped)\n",
        tests=(SIMULATION,),
    ),
    Mutant(
        name="half-is-lost",
        what="forgets the second half of a batch that failed",
        file=_ISOLATE,
        old="        for half in (arrivals[:middle], arrivals[middle:]):\n",
        new="        for half in (arrivals[:middle],):\n",
        tests=(SIMULATION, "tests/common/inbox/test_isolate.py"),
    ),
    Mutant(
        name="bug-without-a-letter",
        what="gives up an event that fails three times without keeping it",
        file=_ISOLATE,
        old="        return self._bury([arrival], _CLASSES.BUG, reason, attempts=ATTEMPTS_MAX)\n",
        new="        return BatchReport(dead=1)\n",
        tests=(SIMULATION, "tests/common/inbox/test_isolate.py"),
    ),
    Mutant(
        name="left-over-forgotten",
        what="does not look for events whose turn came when nobody was there any more",
        file=_CONSUMER,
        old="            self._apply_left_over()\n",
        new="            pass\n",
        tests=("tests/common/inbox/test_options.py",),
    ),
    Mutant(
        name="fuse-bypassed",
        what="never asks the breaker before COMMIT",
        file=_BATCH,
        old="            conduct.breaker.weigh(fates)\n",
        new="            pass\n",
        tests=("tests/common/inbox/test_halting.py",),
    ),
    Mutant(
        name="replayed-twice",
        what="replays a letter that somebody else has replayed meanwhile",
        file="common/inbox/resolving.py",
        old="    if row.state != InboxWaiting.State.DEAD:\n",
        new="    if row.state is None:\n",
        tests=(_REPLAY,),
    ),
    Mutant(
        name="discard-out-of-turn",
        what="moves a stream past a gap when staff discard what lies behind it",
        file="common/inbox/discard.py",
        old="    _check_turn(envelope, cursor)\n    _check_rivals",
        new="    _check_rivals",
        tests=("tests/common/inbox/test_discard.py",),
    ),
    Mutant(
        name="one-offset-too-far",
        what="commits the offset behind the next record",
        file="common/kafka/source.py",
        old="r.partition: r.offset + 1 for r",
        new="r.partition: r.offset + 2 for r",
        tests=("tests/contracts/test_broker.py",),
    ),
    Mutant(
        name="newest-only",
        what="begins with what comes next where nothing was committed yet",
        file="common/kafka/config.py",
        old='        "auto.offset.reset": "earliest",\n',
        new='        "auto.offset.reset": "latest",\n',
        tests=("tests/contracts/test_broker.py",),
    ),
)
