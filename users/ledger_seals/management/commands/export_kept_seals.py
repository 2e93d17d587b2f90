"""Every seal of the ledger that is kept here as NDJSON, for `verify_chain --against-file`."""

from pathlib import Path
from typing import IO, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from users.ledger_seals.selectors import kept_seals_all


class Command(BaseCommand):
    help = "Write every kept seal of the ledger's journal, one JSON object a line, by number."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", required=True, type=Path, help="Where to; it must not exist.")

    def handle(self, *, file: Path, **options: Any) -> None:  # noqa: ARG002  Django's options
        timeouts_use("command")
        try:
            with file.open("xb") as target:
                count = _export(target)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        self.stdout.write(f"{count} seals in {file}")


def _export(target: IO[bytes]) -> int:
    count = 0
    with counting("seals") as count_up:
        for seal in kept_seals_all():
            target.write(msgspec.json.encode(seal) + b"\n")
            count += 1
            count_up(1)
    return count
