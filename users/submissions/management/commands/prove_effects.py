"""Compare what users accepted with what the ledger did; a verdict for every transaction id."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from common.internal.client import PeerAway
from users.submissions.effects import DIFFERENCES, Effect, Verdict
from users.submissions.ledger_views import FileUnusable, LedgerApi, LedgerFile
from users.submissions.proof import Bounds, LedgerView, effects_prove


class Command(BaseCommand):
    help = "Compare every request with the ledger's decision; fails when something differs."

    def add_arguments(self, parser: CommandParser) -> None:
        moment = "ISO 8601; requests are bounded by the time in their ids, when they came in."
        parser.add_argument("--since", type=_moment, help=f"From this time on. {moment}")
        parser.add_argument("--until", type=_moment, help="Before this time.")
        parser.add_argument(
            "--file", type=Path, help="Compare with a file of `export_decisions`; asks nobody."
        )
        parser.add_argument(
            "--grace", type=float, default=60.0, metavar="SECONDS", help="What an outcome may take."
        )
        parser.add_argument("--all", action="store_true", help="Print what agrees, too.")
        parser.add_argument("--json", action="store_true", help="One JSON object a line.")

    def handle(self, **options: Any) -> None:
        timeouts_use("command")

        def on_effect(effect: Effect) -> None:
            if options["all"] or effect.verdict is not Verdict.AGREES:
                self.stdout.write(_json(effect) if options["json"] else _line(effect))

        try:
            ledger: LedgerView = LedgerFile(options["file"]) if options["file"] else LedgerApi()
            with counting("requests") as count_up:
                counts = effects_prove(
                    ledger=ledger,
                    bounds=_bounds(options["since"], options["until"], ledger, options["file"]),
                    grace=timedelta(seconds=options["grace"]),
                    on_effect=on_effect,
                    on_page=count_up,
                )
        except (PeerAway, FileUnusable) as error:
            raise CommandError(f"nothing is proven: {error}", returncode=2) from error
        self._summarise(counts, as_json=options["json"])

    def _summarise(self, counts: Counter[Verdict], *, as_json: bool) -> None:
        if as_json:
            summary = {verdict.value: counts[verdict] for verdict in Verdict}
            self.stdout.write(msgspec.json.encode({"summary": summary}).decode())
        else:
            table = Table("verdict", "transactions", box=None, pad_edge=False)
            for verdict in Verdict:
                table.add_row(verdict.value, f"{counts[verdict]:,}")
            Console(file=cast("IO[str]", self.stdout), soft_wrap=True).print(table)
        if differing := sum(counts[verdict] for verdict in DIFFERENCES):
            raise CommandError(f"{differing} of {counts.total()} transactions differ")


def _bounds(
    since: datetime | None, until: datetime | None, ledger: LedgerView, file: Path | None
) -> Bounds:
    # A file knows nothing of what came after it.
    if file is not None:
        until = min(until or ledger.as_of(), ledger.as_of())
    return Bounds(_first_id(since), _first_id(until))


def _first_id(moment: datetime | None) -> UUID | None:
    """Less than any id that is made at a time or later, and more than any made before (UUIDv7)."""
    return None if moment is None else UUID(int=int(moment.timestamp() * 1000) << 80)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _line(effect: Effect) -> str:
    sides = [f"{name}: users {one}, ledger {two}" for name, (one, two) in effect.sides.items()]
    return f"{effect.id} {effect.verdict.value} {'; '.join(sides)}".rstrip()


def _json(effect: Effect) -> str:
    sides = {name: {"users": here, "ledger": there} for name, (here, there) in effect.sides.items()}
    value = {"id": effect.id, "verdict": effect.verdict.value, "differs": sides}
    return msgspec.json.encode(value).decode()
