"""The whole ledger as NDJSON for auditors, who check it by `transactions.ledger.verify_export`."""

import sys
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from transactions.ledger.export import ledger_export
from transactions.ledger.export_format import Trailer


class Command(BaseCommand):
    help = "Write accounts, journal, transactions, postings and seals as they are at one moment."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--output",
            type=Path,
            help="Where to, a file that must not exist; else standard output.",
        )

    def handle(self, *, output: Path | None, **options: Any) -> None:  # noqa: ARG002  Django's options
        timeouts_use("command")
        if output is None:
            _export(sys.stdout.buffer)
            return
        try:
            with output.open("xb") as target:
                trailer = _export(target)
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from error
        self.stdout.write(f"{trailer.lines} lines in {output}, sha256 {trailer.sha256}")


def _export(target: IO[bytes]) -> Trailer:
    with counting("lines") as count_up:
        return ledger_export(write=target.write, on_lines=count_up)
