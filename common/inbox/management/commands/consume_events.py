"""Step 5 and step 10 of the road: the long-lived worker of either service."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from common.db.timeouts import timeouts_use
from common.inbox.consumer import Consumer, Limits
from common.inbox.progress import consume_progress
from common.inbox.wiring import Wiring
from common.kafka.connect import source_open
from common.outbox import publisher

_BATCH_MAX = 10_000


class Command(BaseCommand):
    help = "Consume events until SIGTERM or SIGINT; the batch in hand is finished first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--batch-size", type=int, default=1000, help="Events of one transaction at most."
        )
        parser.add_argument("--max-messages", type=int, help="Stop after this many messages.")
        parser.add_argument(
            "--until-idle", type=float, metavar="SECONDS", help="Stop after so long without any."
        )

    def handle(
        self,
        *,
        batch_size: int,
        max_messages: int | None,
        until_idle: float | None,
        **options: Any,  # noqa: ARG002  Django's own options
    ) -> None:
        limits = _limits(batch_size, max_messages, until_idle)
        stop = _stop_on_signal()
        timeouts_use("consumer")
        wiring: Wiring = import_string(settings.EVENT_WIRING)
        publisher.start()
        try:
            with consume_progress() as on_batch:
                count = Consumer(
                    wiring=wiring,
                    source=source_open(topic=wiring.topic, group=wiring.consumer),
                    stop=stop,
                    limits=limits,
                    heartbeat_file=settings.HEARTBEAT_FILE,
                    on_batch=on_batch,
                ).run()
        finally:
            publisher.stop()
        self.stdout.write(f"consumed {count} messages")


def _limits(batch_size: int, max_messages: int | None, until_idle: float | None) -> Limits:
    if not 1 <= batch_size <= _BATCH_MAX:
        raise CommandError(f"--batch-size must be from 1 to {_BATCH_MAX}")
    if max_messages is not None and max_messages < 1:
        raise CommandError("--max-messages must be at least 1")
    if until_idle is not None and until_idle <= 0:
        raise CommandError("--until-idle must be more than 0 seconds")
    return Limits(batch_size=batch_size, messages_max=max_messages, idle_s=until_idle)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
