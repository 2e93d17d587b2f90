"""Tries to get around the rules of the ledger, and says what got through."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from transactions.ledger.attack.attempt import Attempt, Outcome, attempt_make
from transactions.ledger.attack.console import CONSOLE
from transactions.ledger.attack.inspection import INSPECTIONS, Finding, inspect
from transactions.ledger.attack.models import MODELS
from transactions.ledger.attack.scene import committed_find
from transactions.ledger.attack.statements import STATEMENTS
from transactions.ledger.models import LedgerTransaction

ATTEMPTS: list[Attempt] = [*STATEMENTS, *MODELS, *CONSOLE]
_EXIT_CODE_MAX = 100


class Command(BaseCommand):
    help = (
        "Attack the ledger as the application's role: by SQL, by the object mapper and through the"
        " console. Everything is rolled back. The exit code is the number of attempts that got"
        " through and of faults in rights and triggers."
    )

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's options
        timeouts_use("command")
        committed = self._target()
        with counting("attempts") as count_up:
            outcomes = []
            for attempt in ATTEMPTS:
                outcomes.append(attempt_make(attempt, committed=committed))
                count_up(1)
        findings = [inspect(one) for one in INSPECTIONS]
        self._show(outcomes, findings)
        through = sum(not one.refused for one in outcomes) + sum(bool(f.wrong) for f in findings)
        refused = sum(one.refused for one in outcomes)
        self.stdout.write(f"{refused} of {len(outcomes)} attempts refused")
        if through:
            raise CommandError(
                f"{through} ways around the rules", returncode=min(through, _EXIT_CODE_MAX)
            )

    def _target(self) -> LedgerTransaction:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            (role,) = cursor.fetchone()
        if role != settings.DATABASE_APPLICATION_ROLE:
            raise CommandError(
                f"connected as {role}, who may do anything:"
                f" attack as {settings.DATABASE_APPLICATION_ROLE}"
            )
        committed = committed_find()
        if committed is None:
            raise CommandError("the books are empty; post something first")
        return committed

    def _show(self, outcomes: list[Outcome], findings: list[Finding]) -> None:
        for one in outcomes:
            verdict = "refused" if one.refused else "GOT THROUGH"
            self._line(one.attempt.way.value, one.attempt.name, verdict, one.says)
        for finding in findings:
            verdict = "WRONG" if finding.wrong else "right"
            self._line("rights", finding.inspection.name, verdict, ", ".join(finding.wrong))

    def _line(self, way: str, name: str, verdict: str, says: str) -> None:
        self.stdout.write(f"{way:<8}{name:<82}{verdict:<13}{says}".rstrip())
