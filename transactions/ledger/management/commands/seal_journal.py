"""Seals the journal now, as housekeeping does every ten seconds."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from transactions.ledger.errors import SealingRefused
from transactions.ledger.seals import journal_seal


class Command(BaseCommand):
    help = "Seal every journal entry whose writer has ended, and announce the seals."

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's options
        timeouts_use("command")
        made = 0
        try:
            with counting("seals") as count_up:
                while journal_seal(seals_max=1):
                    made += 1
                    count_up(1)
        except SealingRefused as error:
            raise CommandError(f"{error.detail}; see docs/restore.md") from error
        self.stdout.write(f"{made} seals made")
