"""Bugs where events leave for Kafka: steps 3 and 4 of the road."""

from tests.mutants.mutant import SIMULATION, Mutant

_DRAIN = "common/outbox/drain.py"
_ROWS = "common/outbox/rows.py"
_PUBLISHER = "common/outbox/publisher.py"
_TEST_DRAIN = "tests/common/outbox/test_drain.py"
_LAND = "        reports = landed.flight.land(while_waiting=self._while_waiting)\n"

PUBLISHING = (
    Mutant(
        name="publish-around-the-lock",
        what="publishes whether it has the outbox's lock or not",
        file=_DRAIN,
        old="    while session.lock():\n",
        new="    while session.lock() or True:\n",
        tests=(SIMULATION, _TEST_DRAIN),
    ),
    Mutant(
        name="mark-before-report",
        what="marks events as published before the broker has reported them",
        file=_DRAIN,
        old=_LAND,
        new="""        every = [Delivered(row.position, 0, 0) for row in landed.rows]
        self._session.marker.mark(every)
        self._session.marker.wait()
"""
        + _LAND,
        tests=(SIMULATION, _TEST_DRAIN),
    ),
    Mutant(
        name="mark-the-refused-too",
        what="marks a whole round as published although some of it failed",
        file=_DRAIN,
        old="""            Delivered(row.position, report.partition, report.offset)
            for row, report in zip(landed.rows, reports, strict=True)
            if isinstance(report, Delivery)
""",
        new="""            Delivered(row.position, 0, 0)
            for row, report in zip(landed.rows, reports, strict=True)
            if any(isinstance(one, Delivery) for one in reports)
""",
        tests=(SIMULATION, _TEST_DRAIN),
    ),
    Mutant(
        name="go-on-after-a-refusal",
        what="sends what comes after a refused event as if nothing had happened",
        file=_DRAIN,
        old="            self._set_aside_if_refused_alone(refused[guilty].row)\n"
        "        raise PublishFailed(refused[0].refusal.reason)\n",
        new="            self._set_aside_if_refused_alone(refused[guilty].row)\n",
        tests=(SIMULATION, _TEST_DRAIN),
    ),
    Mutant(
        name="skip-locked",
        what="claims events with SKIP LOCKED, past those that somebody has locked",
        file=_ROWS,
        old="                    AND NOT EXISTS (SELECT FROM outbox_stream AS parked\n",
        new="""                    AND position IN (SELECT position FROM outbox_message
                        FOR UPDATE SKIP LOCKED)
                    AND NOT EXISTS (SELECT FROM outbox_stream AS parked
""",
        tests=("tests/common/outbox/test_hook.py",),
    ),
    Mutant(
        name="id-cursor",
        what="claims what is above the last position, also where that was committed later",
        file="common/outbox/floor.py",
        old="        first, last = rows[0], rows[-1]\n",
        new="""        first, last = rows[0], rows[-1]
        self.position = last.position
        return
""",
        tests=(SIMULATION, _TEST_DRAIN),
    ),
    Mutant(
        name="floor-for-ever",
        what="never drops its floor during a drain, so that what is to be sent again waits below",
        file=_DRAIN,
        old="            if time.monotonic() > floor_until:\n",
        new="            if floor_until < 0:\n",
        tests=(_TEST_DRAIN,),
    ),
    Mutant(
        name="floor-ignores-who-runs",
        what="raises the floor over positions whose transactions are still running",
        file="common/outbox/floor.py",
        old="            if first.oldest_running < first_unborn:\n",
        new="            if first.oldest_running < 0:\n",
        tests=(SIMULATION, _TEST_DRAIN),
    ),
    Mutant(
        name="no-second-look",
        what="does not read once more after letting go of the lock",
        file=_DRAIN,
        old="if not meanwhile() or not rows_claim(session.connection, floor=0, limit=1):\n",
        new="if True:\n",
        tests=(_TEST_DRAIN,),
    ),
    Mutant(
        name="send-what-is-on-its-way",
        what="reads rows again that are on their way",
        file=_DRAIN,
        old="            but=self._marking + in_air,\n",
        new="            but=self._marking,\n",
        tests=(SIMULATION, _TEST_DRAIN),
    ),
    Mutant(
        name="no-mark-is-awaited",
        what="lets go of the lock before what it sent is marked",
        file=_DRAIN,
        old="        if leave == 0:\n            self._session.marker.wait()\n",
        new="",
        tests=(SIMULATION, _TEST_DRAIN),
    ),
    Mutant(
        name="marking-fails-silently",
        what="swallows an error of marking",
        file="common/outbox/marker.py",
        old="            begun.result()\n",
        new="            begun.exception()\n",
        tests=(_TEST_DRAIN,),
    ),
    Mutant(
        name="blame-the-first",
        what="parks a stream for a batch that the broker refused for another's event",
        file=_DRAIN,
        old="            self._set_aside_if_refused_alone(refused[guilty].row)\n",
        new="            self._set_aside(refused[guilty].row, refused[guilty].refusal.reason)\n",
        tests=(_TEST_DRAIN,),
    ),
    Mutant(
        name="blocked-stream-goes-on",
        what="sends later events of a stream whose event the broker never takes",
        file=_ROWS,
        old="WHERE parked.blocked_reason <> '' AND",
        new="WHERE parked.blocked_reason <> parked.blocked_reason AND",
        tests=(_TEST_DRAIN,),
    ),
    Mutant(
        name="dead-session-is-kept",
        what="goes on with a database session that has failed",
        file=_PUBLISHER,
        old="        if not isinstance(error, BrokerError):\n            self._session_close()\n",
        new="",
        tests=(SIMULATION,),
    ),
    Mutant(
        name="publisher-dies-of-an-error",
        what="lets the publisher end when the database fails once",
        file=_PUBLISHER,
        old="        except (BrokerError, psycopg.Error) as error:\n",
        new="        except BrokerError as error:\n",
        tests=(SIMULATION,),
    ),
    Mutant(
        name="publisher-swallows",
        what="takes a failed drain for a good one, and keeps the session that failed",
        file=_PUBLISHER,
        old="kind=type(error).__name__)\n            self._back_off(error)\n",
        new="kind=type(error).__name__)\n",
        tests=(SIMULATION,),
    ),
)
