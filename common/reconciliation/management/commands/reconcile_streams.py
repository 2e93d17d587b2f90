"""Compare our streams with what the other service has applied, and send again what it missed."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from common.internal.client import PeerAway
from common.kafka.broker import BrokerError
from common.reconciliation.sweep import OLDER_THAN_S, SweepReport, streams_reconcile
from common.reconciliation.verdict import Verdict


class Command(BaseCommand):
    help = "One sweep of reconciliation; housekeeping makes one every minute by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="One sweep (the default).")
        parser.add_argument("--every-stream", action="store_true", help="Also those that agreed.")
        parser.add_argument(
            "--older-than",
            type=float,
            default=OLDER_THAN_S,
            metavar="SECONDS",
            help="How long ago an event was published that counts as missed.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Say it, and change nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        if options["older_than"] < 0:
            raise CommandError("--older-than must be 0 seconds or more")
        timeouts_use("command")
        try:
            with counting("streams") as count_up:
                report = streams_reconcile(
                    every_stream=options["every_stream"],
                    older_than_s=options["older_than"],
                    dry_run=options["dry_run"],
                    on_page=count_up,
                )
        except (PeerAway, BrokerError) as error:
            raise CommandError(f"not reconciled: {error}") from error
        self.stdout.write(json.dumps(_report(report)) if options["json"] else _text(report))
        if report.alarming:
            raise CommandError(f"{report.alarming} streams need a person")


def _report(report: SweepReport) -> dict[str, Any]:
    return {
        "streams": {verdict.value: report.verdicts[verdict] for verdict in Verdict},
        "sent_again": report.sent_again,
        "went_back": report.went_back,
        "named": {str(stream): verdict.value for stream, verdict in report.named.items()},
    }


def _text(report: SweepReport) -> str:
    lines = [f"{stream} {verdict.value}" for stream, verdict in report.named.items()]
    counts = [f"{report.verdicts[one]} {one.value}" for one in Verdict if report.verdicts[one]]
    lines.append(f"streams: {', '.join(counts) or 'none to ask about'}")
    lines.append(f"events that go out again: {report.sent_again}")
    if report.went_back:
        lines.append("the other service went back: it was restored; every stream is asked again")
    return "\n".join(lines)
