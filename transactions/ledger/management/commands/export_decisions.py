"""Every decision of the ledger as NDJSON, for `prove_effects --file` of users."""

from pathlib import Path
from typing import IO, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.console_progress import counting
from common.db.clock import database_clock
from common.db.timeouts import timeouts_use
from common.internal.contracts import ExportHeader
from transactions.ledger.decisions import decisions_all, streams_held


class Command(BaseCommand):
    help = "Write every decision of the ledger, one JSON object a line, by transaction id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", required=True, type=Path, help="Where to; it must not exist.")

    def handle(self, *, file: Path, **options: Any) -> None:  # noqa: ARG002  Django's options
        timeouts_use("command")
        try:
            with file.open("xb") as target:
                count = _export(target)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        self.stdout.write(f"{count} decisions in {file}")


def _export(target: IO[bytes]) -> int:
    header = ExportHeader(exported_at=database_clock(), held=streams_held())
    target.write(msgspec.json.encode(header) + b"\n")
    count = 0
    with counting("decisions") as count_up:
        for decision in decisions_all():
            target.write(msgspec.json.encode(decision) + b"\n")
            count += 1
            count_up(1)
    return count
