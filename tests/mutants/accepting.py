"""Bugs where requests are accepted and events are appended: steps 1 and 2 of the road."""

from tests.mutants.mutant import SIMULATION, Mutant

_SERVICES = "users/submissions/services.py"
_CLAIM = "users/submissions/claim.py"
_BATCH = "users/submissions/batch.py"
_APPEND = "common/outbox/append.py"
_RACES = "tests/users/submissions/test_races.py"
_TOGETHER = "tests/users/submissions/test_together.py"
_TEST_BATCH = "tests/users/submissions/test_batch.py"
_BATCH_RACES = "tests/users/submissions/test_batch_races.py"
_TEST_APPEND = "tests/common/outbox/test_append.py"
_HOOK = "tests/common/outbox/test_hook.py"
_LOCK_ORDER = "tests/common/test_lock_order.py"

_ONE_STATEMENT = "        row = prepared_row(_ACCEPT, asked)\n"

ACCEPTING = (
    Mutant(
        name="together-unconditionally",
        what="accepts requests of several threads together, whatever stands against them",
        file=_APPEND,
        old=' AND {_of_row("asked", condition)}\n',
        new="\n",
        tests=(_TOGETHER,),
    ),
    Mutant(
        name="together-waits",
        what="lets all who are accepted together wait for a stream that somebody holds",
        file=_APPEND,
        old="        FOR NO KEY UPDATE SKIP LOCKED\n",
        new="        FOR NO KEY UPDATE\n",
        tests=(_TOGETHER,),
    ),
    Mutant(
        name="number-without-claim",
        what="keeps the number it has taken although the idempotency key is not free",
        file=_CLAIM,
        old="""'pending', 0, 0
    FROM taken
""",
        new="""'pending', 0, 0
    FROM taken ON CONFLICT DO NOTHING
""",
        tests=(_RACES,),
    ),
    Mutant(
        name="claim-and-effect-apart",
        what="claims the idempotency key in a transaction of its own",
        file=_CLAIM,
        old=_ONE_STATEMENT,
        new="""        taken = "WITH taken AS (SELECT clock_timestamp() AS taken_at)"
        prepared_row(f"{taken} {_INSERT} RETURNING 1", asked)
        effect = _ACCEPT.replace(_INSERT, "SELECT").replace(_CONDITION, "true")
        row = prepared_row(effect, asked)
""",
        tests=(_RACES,),
    ),
    Mutant(
        name="event-after-commit",
        what="appends the event in a second transaction, behind the record's",
        file=_CLAIM,
        old=_ONE_STATEMENT,
        new="""        first, _, second = _ACCEPT.rpartition(")")[0].partition("), stored AS (")
        row = prepared_row(f"{first}) SELECT taken_at, sequence FROM taken", asked)
        if row is not None:
            asked |= {"at": row[0].isoformat(), "sequence": str(row[1])}
            taken = "SELECT %(at)s::timestamptz AS taken_at, %(sequence)s::bigint AS sequence"
            prepared_row(f"WITH taken AS ({taken}) {second} RETURNING 1", asked)
""",
        tests=(_RACES,),
    ),
    Mutant(
        name="accepted-unasked",
        what="answers that a request is accepted, without a look at whether it was",
        file=_SERVICES,
        old="""        if _accept(request):
            return""",
        new="""        if _accept(request) or request:
            return""",
        tests=(SIMULATION, _RACES),
    ),
    Mutant(
        name="accepting-ignored",
        what="accepts requests of a user who may not make any",
        file=_APPEND,
        old=" AND accepting AND {condition}",
        new=" AND {condition}",
        tests=(_TEST_APPEND, "tests/users/submissions/test_submit.py"),
    ),
    Mutant(
        name="accepting-before-lock",
        what="asks whether a stream accepts before it has the lock of the stream",
        file=_APPEND,
        old=" AND accepting AND {condition}",
        new=""" AND {condition}
        AND (SELECT accepting FROM outbox_stream WHERE stream = %(stream)s::uuid)""",
        tests=(_HOOK,),
    ),
    Mutant(
        name="accepting-unlocked-in-a-batch",
        what="asks whether the streams of a batch accept, and does not lock them",
        file=_APPEND,
        old="                ORDER BY stream FOR NO KEY UPDATE\n",
        new="                ORDER BY stream\n",
        tests=(_HOOK,),
    ),
    Mutant(
        name="held-in-another-order",
        what="locks the streams of a batch in another order than everybody else",
        file=_APPEND,
        old="                ORDER BY stream FOR NO KEY UPDATE\n",
        new="                ORDER BY stream DESC FOR NO KEY UPDATE\n",
        tests=(_LOCK_ORDER,),
    ),
    Mutant(
        name="batch-forgets-its-own-keys",
        what="does not know the second use of a key in a batch as a replay",
        file=_BATCH,
        old="        self._originals[caller.idempotency_key] = request\n",
        new="",
        tests=(_TEST_BATCH,),
    ),
    Mutant(
        name="batch-of-two-transactions",
        what="announces the requests of a batch in a second transaction, behind the records'",
        file=_BATCH,
        old="        outbox_append_many(events=acceptance.events)\n",
        new="""    with transaction.atomic(durable=True):
        outbox_append_many(events=acceptance.events)
""",
        tests=(_BATCH_RACES,),
    ),
    Mutant(
        name="batch-gives-up-on-twins",
        what="does not look again for a twin that was quicker in another stream",
        file=_BATCH,
        old="_ATTEMPTS = 3\n",
        new="_ATTEMPTS = 1\n",
        tests=(_BATCH_RACES,),
    ),
    Mutant(
        name="append-without-transaction",
        what="appends events that no transaction of the caller makes true",
        file=_APPEND,
        old="    if not connection.in_atomic_block:\n",
        new="    if connection.in_atomic_block is None:\n",
        tests=(_TEST_APPEND,),
    ),
    Mutant(
        name="wake-before-commit",
        what="wakes the publisher inside the transaction, before there is anything to see",
        file=_APPEND,
        old="    transaction.on_commit(publisher.wake, robust=True)\n",
        new="    publisher.wake()\n",
        tests=(_HOOK,),
    ),
    Mutant(
        name="hook-fails-the-request",
        what="lets a hook that fails after COMMIT fail a request that was accepted",
        file=_APPEND,
        old="    transaction.on_commit(publisher.wake, robust=True)\n",
        new="    transaction.on_commit(publisher.wake)\n",
        tests=(_HOOK,),
    ),
    Mutant(
        name="streams-unsorted",
        what="locks the streams of a batch in the order of their events",
        file=_APPEND,
        old="    streams = sorted(counts)\n",
        new="    streams = list(counts)\n",
        tests=(_LOCK_ORDER,),
    ),
    Mutant(
        name="expiries-without-lock",
        what="looks for overdue holds without the locks of their streams",
        file="users/submissions/expiries.py",
        old="        _streams_lock(set(found.values()))\n",
        new="",
        tests=("tests/users/submissions/test_command_races.py",),
    ),
    Mutant(
        name="numbers-read-first",
        what="reads the last sequence and writes the next, instead of counting under the lock",
        file=_APPEND,
        old='''"UPDATE outbox_stream SET last_sequence = last_sequence + 1 WHERE stream = %s"''',
        new='''"UPDATE outbox_stream SET last_sequence = (SELECT max(sequence) + 1 FROM"
            " outbox_message WHERE stream = outbox_stream.stream) WHERE stream = %s"''',
        tests=(_TEST_APPEND,),
    ),
)
