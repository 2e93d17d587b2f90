"""Topics are made by the project, never by the broker."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.events.topics import ALL_TOPICS
from common.kafka.admin import topics_create
from common.kafka.broker import BrokerError


class Command(BaseCommand):
    help = "Create the topics that do not exist, and wait until all can be used."

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's own options
        try:
            created = topics_create(ALL_TOPICS)
        except BrokerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"created: {', '.join(created) or 'none, all were there'}")
