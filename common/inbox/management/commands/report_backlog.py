"""What waits in this service: unpublished events, unread events, dead letters."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from common.inbox.halts import halt_current
from common.inbox.models import InboxWaiting
from common.inbox.selection import streams_forked, streams_with_many_behind
from common.inbox.wiring import Wiring
from common.kafka.admin import group_lag
from common.kafka.broker import BrokerError
from common.outbox.backlog import outbox_backlog
from common.reconciliation.heads import peer_alarms


class Command(BaseCommand):
    help = "Show what waits: the outbox, the consumer's lag and the dead letters."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        wiring: Wiring = import_string(settings.EVENT_WIRING)
        report = {
            "outbox": outbox_backlog()._asdict(),
            "lag": _lag(wiring),
            **_inbox(wiring.consumer),
            "peer": peer_alarms(),
        }
        if options["json"]:
            self.stdout.write(json.dumps(report))
            return
        for name, value in report.items():
            self.stdout.write(f"{name}: {value}")


def _inbox(consumer: str) -> dict[str, Any]:
    rows = InboxWaiting.objects.filter(consumer=consumer)
    halt = halt_current(consumer=consumer)
    return {
        "dead_letters": rows.filter(state=InboxWaiting.State.DEAD).count(),
        "waiting": rows.filter(state=InboxWaiting.State.WAITING).count(),
        "streams_with_many_behind": streams_with_many_behind(consumer=consumer),
        "forked_streams": streams_forked(consumer=consumer),
        "halted": None if halt is None else halt.reason,
    }


def _lag(wiring: Wiring) -> int:
    try:
        return group_lag(group=wiring.consumer, topic=wiring.topic)
    except BrokerError as error:
        raise CommandError(f"Kafka does not answer: {error}") from error
