"""Bugs where requests are accepted and events are appended: steps 1 and 2 of the road."""

from tests.mutants.mutant import SIMULATION, Mutant

_SERVICES = "users/submissions/services.py"
_APPEND = "common/outbox/append.py"
_RACES = "tests/users/submissions/test_races.py"
_TEST_APPEND = "tests/common/outbox/test_append.py"
_HOOK = "tests/common/outbox/test_hook.py"
_LOCK_ORDER = "tests/common/test_lock_order.py"

_CLAIM = """        if not key_claim(request):
            return None
        _parties_check(order, caller.user_id)
        slot = stream_take(stream=order.user, accepting=True)
"""

ACCEPTING = (
    Mutant(
        name="number-before-claim",
        what="takes the sequence before it knows that the idempotency key is free",
        file=_SERVICES,
        old=_CLAIM,
        new="""        slot = stream_take(stream=order.user, accepting=True)
        if not key_claim(request):
            return None
        _parties_check(order, caller.user_id)
""",
        tests=(SIMULATION, _RACES),
    ),
    Mutant(
        name="claim-and-effect-apart",
        what="claims the idempotency key in a transaction of its own",
        file=_SERVICES,
        old="""        if not key_claim(request):
            return None
        _parties_check(order, caller.user_id)
""",
        new="""        if not key_claim(request):
            return None
    with refusing(rules), transaction.atomic(durable=True):
        _parties_check(order, caller.user_id)
""",
        tests=(SIMULATION, _RACES),
    ),
    Mutant(
        name="event-after-commit",
        what="appends the event in a second transaction, behind the record's",
        file=_SERVICES,
        old="        outbox_append(event=_announcement(request, caller), slot=slot)\n",
        new="""    with transaction.atomic(durable=True):
        outbox_append(event=_announcement(request, caller), slot=slot)
""",
        tests=(SIMULATION, _RACES),
    ),
    Mutant(
        name="accepting-ignored",
        what="accepts requests of a user who may not make any",
        file=_SERVICES,
        old="slot = stream_take(stream=order.user, accepting=True)",
        new="slot = stream_take(stream=order.user)",
        tests=(SIMULATION, "tests/users/submissions/test_submit.py"),
    ),
    Mutant(
        name="accepting-before-lock",
        what="asks whether a stream accepts before it has the lock of the stream",
        file=_APPEND,
        old='    condition = " AND accepting" if accepting else ""\n',
        new="""    condition = ""
    if accepting:
        with connection.cursor() as cursor:
            cursor.execute("SELECT accepting FROM outbox_stream WHERE stream = %s", [stream])
            if cursor.fetchone() != (True,):
                raise StreamNotAccepting
""",
        tests=(_HOOK,),
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
