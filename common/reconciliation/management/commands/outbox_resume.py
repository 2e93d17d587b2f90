"""After restoring this service's database, before traffic: go on behind what the peer knows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from common.internal.client import PeerAway
from common.kafka.broker import BrokerError
from common.reconciliation.resume import PeerStillReads, ResumeReport, outbox_resume


class Command(BaseCommand):
    help = "Move the head of every stream to what the other service knows; see docs/restore.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from-peer", action="store_true", required=True, help="Ask the other service."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say it, and change nothing.")
        parser.add_argument(
            "--force", action="store_true", help="Although the other service still reads."
        )

    def handle(self, *, dry_run: bool, force: bool, **options: Any) -> None:  # noqa: ARG002  Django's
        timeouts_use("command")
        try:
            with counting("streams") as count_up:
                report = outbox_resume(dry_run=dry_run, force=force, on_page=count_up)
        except (PeerAway, PeerStillReads, BrokerError) as error:
            raise CommandError(f"nothing was resumed: {error}") from error
        self._show(report, dry_run=dry_run)

    def _show(self, report: ResumeReport, *, dry_run: bool) -> None:
        for move in report.moves:
            before = "not there" if move.before is None else f"at {move.before}"
            self.stdout.write(f"{move.stream} {before}, goes on after {move.after}")
        what = "would move" if dry_run else "moved"
        self.stdout.write(f"{report.moved} of {report.asked} streams {what}")
        for stream in report.gaps:
            self.stdout.write(f"{stream} waits for an event that nobody has any more")
        for stream in report.forked:
            self.stdout.write(f"{stream} is forked: it said something else before it was resumed")
        if report.gaps or report.forked:
            raise CommandError(f"{len(report.gaps) + len(report.forked)} streams need a person")
