"""Suspend, reinstate and close people, and show what became of them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.db.timeouts import timeouts_use
from common.errors import Refused
from common.ids import uuid7
from common.staff_arguments import actor_of, reason_of, staff_arguments_add
from users.identity.emails import AddressInvalid, email_canonical
from users.identity.lifecycle import By, user_close_request, user_reinstate, user_suspend
from users.identity.models import User

_ACTS = {"suspend": user_suspend, "reinstate": user_reinstate, "close": user_close_request}


class Command(BaseCommand):
    help = "Lock somebody out, let them in again, ask the ledger to close them, or show all that."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        acting = [
            verbs.add_parser("suspend", help="Lock somebody out who is active."),
            verbs.add_parser("reinstate", help="Let somebody in who is suspended."),
            verbs.add_parser("close", help="Ask the ledger to close somebody."),
        ]
        showing = verbs.add_parser("show", help="Show somebody's status and its changes.")
        for verb in (*acting, showing):
            verb.add_argument("email", help="The address they sign in with.")
        for verb in acting:
            staff_arguments_add(verb)

    def handle(self, *, verb: str, email: str, **options: Any) -> None:
        timeouts_use("command")
        user = _user(email)
        if verb in _ACTS:
            by = By(actor_of(options), timezone.now(), str(uuid7()), reason_of(options))
            try:
                user = _ACTS[verb](user_id=user.id, by=by)
            except Refused as refusal:
                raise CommandError(refusal.detail) from refusal
        self._show(user)

    def _show(self, user: User) -> None:
        self.stdout.write(f"{user.id} {user.email} {user.status}")
        for change in user.status_changes.order_by("id"):
            why = change.code or change.reason
            self.stdout.write(f"{change.changed_at.isoformat()} {change}: {why}")


def _user(email: str) -> User:
    try:
        return User.objects.get(email=email_canonical(email))
    except (AddressInvalid, User.DoesNotExist):
        raise CommandError(f"there is no user {email}") from None
