"""Step 3 of the road by hand: the same drain that every web and consumer process runs."""

import signal
import threading
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.kafka.broker import BrokerError
from common.kafka.connect import producer_open
from common.outbox import publisher
from common.outbox.drain import outbox_drain
from common.outbox.session import PublisherSession


class Command(BaseCommand):
    help = "Publish what waits in the outbox; safe beside any number of other publishers."

    def add_arguments(self, parser: CommandParser) -> None:
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--once", action="store_true", help="One drain, then stop (default).")
        mode.add_argument("--follow", action="store_true", help="Go on until SIGTERM or SIGINT.")

    def handle(self, *, follow: bool, **options: Any) -> None:  # noqa: ARG002  Django's options
        if follow:
            self._follow()
        else:
            self.stdout.write(f"published {_once()} events")

    def _follow(self) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        publisher.follow()
        stop.wait()
        publisher.stop()


def _once() -> int:
    session, producer = PublisherSession(), producer_open()
    try:
        return outbox_drain(session, producer)
    except (BrokerError, psycopg.Error) as error:
        raise CommandError(f"not everything was published: {error}") from error
    finally:
        producer.close()
        session.close()
