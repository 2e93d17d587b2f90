"""Whether the books balance, for staff and for schedules."""

import json
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.db.timeouts import timeouts_use
from common.money import money_display
from transactions.ledger.trial_balance import ClassTotals, CurrencyBalance, trial_balance


class Command(BaseCommand):
    help = "Sum up all accounts by currency; fails when debits and credits differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, **options: Any) -> None:
        timeouts_use("command")
        balances = trial_balance()
        if options["json"]:
            self.stdout.write(json.dumps(_report(balances)))
        else:
            self._print(balances)
        wrong = [balance.currency for balance in balances if not balance.balances]
        if wrong:
            raise CommandError(f"debits and credits differ: {', '.join(wrong)}")

    def _print(self, balances: list[CurrencyBalance]) -> None:
        for balance in balances:
            self._line(balance.currency, ClassTotals._fields[1:])
            for name, *totals in balance.classes:
                self._line(name, [money_display(total, balance.currency) for total in totals])
            posted = money_display(balance.difference_posted, balance.currency)
            pending = money_display(balance.difference_pending, balance.currency)
            self.stdout.write(f"difference: posted {posted}, pending {pending}")

    def _line(self, name: str, cells: Iterable[str]) -> None:
        self.stdout.write(f"{name:<14}" + "".join(f"{cell:>26}" for cell in cells))


def _report(balances: list[CurrencyBalance]) -> dict[str, Any]:
    return {
        "balanced": all(balance.balances for balance in balances),
        "currencies": [
            {
                "currency": balance.currency,
                "difference_posted": balance.difference_posted,
                "difference_pending": balance.difference_pending,
                "accounts": [totals._asdict() for totals in balance.classes],
            }
            for balance in balances
        ],
    }
