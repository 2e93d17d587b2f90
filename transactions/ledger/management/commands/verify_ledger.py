"""Do the books follow from their postings?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.console_progress import counting
from common.db.timeouts import timeouts_use
from transactions.ledger.tasks import misfit_line
from transactions.ledger.verify_ledger import Misfit, ledger_verify

NAMED_MAX = 100


class Command(BaseCommand):
    help = (
        "Compute every account, transaction and the trial balance again from the postings."
        " Fails with 1 when something differs, and names it."
    )

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's options
        timeouts_use("command")
        misfits: list[Misfit] = []

        def on_misfit(misfit: Misfit) -> None:
            if len(misfits) < NAMED_MAX:
                self.stdout.write(misfit_line(misfit))
            misfits.append(misfit)

        with counting("accounts and transactions") as count_up:
            report = ledger_verify(on_misfit=on_misfit, on_done=count_up)
        self.stdout.write(
            f"{report.accounts} accounts, {report.transactions} transactions and"
            f" {report.currencies} currencies computed again"
        )
        if misfits:
            raise CommandError(f"{len(misfits)} do not follow from the postings")
