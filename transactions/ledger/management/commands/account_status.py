"""Freeze wallets, end a freeze, and show what became of a wallet."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.db.timeouts import timeouts_use
from common.errors import Refused
from common.staff_arguments import actor_of, reason_of, staff_arguments_add
from transactions.ledger.account_status import account_freeze, account_unfreeze
from transactions.ledger.models import Account

_ACTS = {"freeze": account_freeze, "unfreeze": account_unfreeze}


class Command(BaseCommand):
    help = "Freeze a wallet so that nothing leaves it, end the freeze, or show its history."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        freezing = verbs.add_parser("freeze", help="Let nothing leave a wallet.")
        unfreezing = verbs.add_parser("unfreeze", help="End the freeze of a wallet.")
        showing = verbs.add_parser("show", help="Show an account's status and its changes.")
        for verb in (freezing, unfreezing, showing):
            verb.add_argument("account", type=UUID, help="The account's id.")
        for verb in (freezing, unfreezing):
            staff_arguments_add(verb)

    def handle(self, *, verb: str, account: UUID, **options: Any) -> None:
        timeouts_use("command")
        if verb in _ACTS:
            self._act(verb, account, options)
        self._show(account)

    def _act(self, verb: str, account: UUID, options: dict[str, Any]) -> None:
        try:
            _ACTS[verb](account_id=account, actor=actor_of(options), reason=reason_of(options))
        except Refused as refusal:
            raise CommandError(refusal.detail) from refusal

    def _show(self, account_id: UUID) -> None:
        account = Account.objects.filter(pk=account_id).first()
        if account is None:
            raise CommandError(f"there is no account {account_id}")
        self.stdout.write(f"{account.pk} {account} {account.status}")
        for change in account.changes.order_by("id"):
            self.stdout.write(f"{change.recorded_at.isoformat()} {change}: {change.reason}")
