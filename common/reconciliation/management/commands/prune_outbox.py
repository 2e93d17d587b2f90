"""Remove published events that the other service has applied long ago."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from common.reconciliation.prune import outbox_prune


class Command(BaseCommand):
    help = "Remove old events at or below the other service's last known cursor."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, help="Published so many days ago or more (OUTBOX_KEEP_DAYS)."
        )
        parser.add_argument("--dry-run", action="store_true", help="Count them only.")

    def handle(self, *, days: int | None, dry_run: bool, **options: Any) -> None:  # noqa: ARG002  Django's
        days = settings.OUTBOX_KEEP_DAYS if days is None else days
        if days < 1:
            raise CommandError("--days must be 1 or more")
        timeouts_use("command")
        before = timezone.now() - timedelta(days=days)
        with counting("events") as count_up:
            count = outbox_prune(before=before, dry_run=dry_run, on_batch=count_up)
        self.stdout.write(f"{count} events {'would go' if dry_run else 'removed'}")
