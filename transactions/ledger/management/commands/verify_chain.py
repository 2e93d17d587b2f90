"""Are the books what they were when they were sealed?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from common.internal.client import PeerAway
from transactions.ledger.chain import Fault, Seal
from transactions.ledger.errors import KeptSealsUnusable
from transactions.ledger.kept_seals import kept_seals_of_file, kept_seals_of_peer
from transactions.ledger.tasks import fault_line
from transactions.ledger.verify_chain import ChainReport, chain_verify

NAMED_MAX = 20


class Command(BaseCommand):
    help = (
        "Compute the hash of every journal entry and the digest of every seal again, and compare"
        " the seals with those that users kept. Fails with 1 when something does not fit, with 2"
        " when there is nothing to compare with."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--against", metavar="URL", help="Ask users there, not as configured.")
        where.add_argument(
            "--against-file", type=Path, help="Compare with a file of `export_kept_seals`."
        )
        where.add_argument(
            "--alone",
            action="store_true",
            help="Compare with nobody; whoever rewrote the whole database is not noticed.",
        )

    def handle(self, **options: Any) -> None:
        timeouts_use("command")
        faults: list[Fault] = []

        def on_fault(fault: Fault) -> None:
            if len(faults) < NAMED_MAX:
                self.stdout.write(fault_line(fault))
            faults.append(fault)

        try:
            with counting("entries") as count_up:
                report = chain_verify(on_fault=on_fault, kept=_kept(options), on_entries=count_up)
        except (PeerAway, KeptSealsUnusable) as error:
            raise CommandError(f"nothing is proven: {error}", returncode=2) from error
        self._conclude(report, faults)

    def _conclude(self, report: ChainReport, faults: list[Fault]) -> None:
        kept = "none compared" if report.compared is None else f"{report.compared} kept by users"
        self.stdout.write(
            f"{report.seals} seals ({kept}) over {report.entries - (report.unsealed or 0)} entries,"
            f" {report.unsealed} entries without a seal yet"
        )
        if faults:
            seal = min((one.seal for one in faults if one.seal is not None), default=None)
            entry = next((one.entry for one in faults if one.entry is not None), None)
            raise CommandError(
                f"{len(faults)} faults; first bad seal: {_named(seal)},"
                f" first bad entry: {_named(entry)}"
            )


def _kept(options: dict[str, Any]) -> Iterator[Seal] | None:
    if options["alone"]:
        return None
    if options["against_file"]:
        return kept_seals_of_file(options["against_file"])
    return kept_seals_of_peer(url=options["against"])


def _named(number: int | None) -> str:
    return "none" if number is None else str(number)
