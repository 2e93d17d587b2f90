"""Step 5 and step 10 of the road: the long-lived worker of either service."""

import gc
import signal
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from common.db.timeouts import timeouts_use
from common.inbox.breaker import Breaker, BreakerLimits
from common.inbox.consumer import BATCH_SIZE, Consumer, Limits
from common.inbox.progress import consume_progress
from common.inbox.rehearsal import MESSAGES_MAX, Rehearsal, consume_rehearse
from common.inbox.wiring import Wiring
from common.kafka.broker import BrokerError
from common.kafka.connect import reading_open, source_open
from common.kafka.groups import group_members
from common.outbox import publisher

_BATCH_MAX = 10_000

_OBJECTS_UNSEEN = 200_000
"""New objects after which the interpreter looks for cycles among them; several batches."""

_TURN_S = 0.0005
"""For how long a thread of this process computes while another one would; 5 ms by default."""


class Command(BaseCommand):
    help = "Consume events until SIGTERM or SIGINT; the batch in hand is finished first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--batch-size", type=int, default=BATCH_SIZE, help="Events of one transaction at most."
        )
        parser.add_argument("--max-messages", type=int, help="Stop after this many messages.")
        parser.add_argument(
            "--until-idle", type=float, metavar="SECONDS", help="Stop after so long without any."
        )
        parser.add_argument(
            "--from-beginning",
            action="store_true",
            help="Read every partition from its first record; what was applied is recognised.",
        )
        parser.add_argument(
            "--baseline",
            action="store_true",
            help="Begin streams that are new here with the first of their events that is still"
            " in the topic. Only with --from-beginning and --until-idle, and while no other"
            " consumer runs.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help=f"Say what would happen with what is in the topic now ({MESSAGES_MAX:,} messages"
            " unless --max-messages says otherwise), and change nothing.",
        )

    def handle(self, **options: Any) -> None:
        limits = _limits(options["batch_size"], options["max_messages"], options["until_idle"])
        stop = _stop_on_signal()
        wiring: Wiring = import_string(settings.EVENT_WIRING)
        if options["baseline"]:
            _check_baseline(wiring, options)
        if options["dry_run"]:
            self._rehearse(wiring, limits, stop, options)
        else:
            self._consume(wiring, limits, stop, options)

    def _consume(
        self, wiring: Wiring, limits: Limits, stop: threading.Event, options: dict[str, Any]
    ) -> None:
        timeouts_use("consumer")
        _cycles_seek_rarely()
        # What reads ahead and what makes rows shall not keep the database waiting.
        sys.setswitchinterval(_TURN_S)
        publisher.start()
        try:
            with consume_progress() as on_batch:
                count = Consumer(
                    wiring=wiring,
                    source=source_open(
                        topic=wiring.topic,
                        group=wiring.consumer,
                        from_beginning=options["from_beginning"],
                    ),
                    stop=stop,
                    limits=limits,
                    heartbeat_file=settings.HEARTBEAT_FILE,
                    stuck_s=settings.INBOX_STUCK_S,
                    on_batch=on_batch,
                    breaker=Breaker(BreakerLimits(**settings.INBOX_BREAKER)),
                    baseline=options["baseline"],
                ).run()
        finally:
            publisher.stop()
        self.stdout.write(f"consumed {count} messages")

    def _rehearse(
        self, wiring: Wiring, limits: Limits, stop: threading.Event, options: dict[str, Any]
    ) -> None:
        timeouts_use("command")
        try:
            reading = reading_open(
                topic=wiring.topic,
                group=wiring.consumer,
                from_beginning=options["from_beginning"],
            )
        except BrokerError as error:
            raise CommandError(f"Kafka does not answer: {error}") from error
        try:
            with consume_progress() as on_batch:
                found = consume_rehearse(
                    wiring=wiring,
                    reading=reading,
                    stop=stop,
                    batch_size=limits.batch_size,
                    messages_max=limits.messages_max or MESSAGES_MAX,
                    baseline=options["baseline"],
                    on_batch=on_batch,
                )
        finally:
            reading.close()
        self._tell(found)

    def _tell(self, found: Rehearsal) -> None:
        report = found.report
        self.stdout.write(
            f"read {found.read} messages: {report.applied} would be applied"
            f" ({report.skipped} of them mean nothing here), {report.duplicates} are duplicates,"
            f" {report.waiting} would wait, {report.dead} would be dead letters"
        )
        for error in found.errors:
            self.stdout.write(f"dead: {error}")
        self.stdout.write("nothing was changed")


def _limits(batch_size: int, max_messages: int | None, until_idle: float | None) -> Limits:
    if not 1 <= batch_size <= _BATCH_MAX:
        raise CommandError(f"--batch-size must be from 1 to {_BATCH_MAX}")
    if max_messages is not None and max_messages < 1:
        raise CommandError("--max-messages must be at least 1")
    if until_idle is not None and until_idle <= 0:
        raise CommandError("--until-idle must be more than 0 seconds")
    return Limits(batch_size=batch_size, messages_max=max_messages, idle_s=until_idle)


def _check_baseline(wiring: Wiring, options: dict[str, Any]) -> None:
    """
    A baseline skips events by intention, so it is a bounded run of one process over everything.

    Beside others, a stream's second event could be met before its first, which would be lost.
    """
    if options["dry_run"]:
        return
    if not options["from_beginning"] or options["until_idle"] is None:
        raise CommandError("--baseline needs --from-beginning and --until-idle")
    try:
        members = group_members(group=wiring.consumer)
    except BrokerError as error:
        raise CommandError(f"Kafka does not answer: {error}") from error
    if members:
        raise CommandError(f"--baseline: stop the {members} running consumers first")


def _cycles_seek_rarely() -> None:
    """
    Leave what a batch is made of alone while it is made.

    It has no cycles and goes with its last reference. By default the interpreter looks through
    it at every 700 objects, and through all of Django now and then: a quarter of the time of
    a busy consumer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_UNSEEN)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
