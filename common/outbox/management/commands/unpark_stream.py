"""Let a stream be published again that the broker had refused."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from common.db.timeouts import timeouts_use
from common.outbox.errors import NotParked
from common.outbox.models import OutboxStream
from common.outbox.releasing import stream_unpark
from common.staff.models import StaffAction
from common.staff_arguments import actor_of, reason_of, staff_arguments_add


class Command(BaseCommand):
    help = (
        "Let the publishers try a stream again whose event the broker refused for good, once what"
        " it was refused for is mended. It is on the record of staff."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stream", type=UUID, help="The user's id.")
        staff_arguments_add(parser)

    def handle(self, *, stream: UUID, **options: Any) -> None:
        timeouts_use("command")
        actor, reason = actor_of(options), reason_of(options)
        try:
            refused_for = _unpark(stream, actor=actor, reason=reason)
        except NotParked as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(f"{stream} is tried again; it was refused for: {refused_for}")


@transaction.atomic
def _unpark(stream: UUID, *, actor: str, reason: str) -> str:
    refused_for = stream_unpark(stream=stream)
    StaffAction.objects.create(
        actor_id=actor[:64],
        actor_email="",
        action="stream.unpark",
        target_type=OutboxStream._meta.label_lower,  # noqa: SLF001  Django's API
        target_id=str(stream),
        reason=reason,
    )
    return refused_for
