"""Take away the second factor of somebody who has lost it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.db.timeouts import timeouts_use
from common.ids import uuid7
from common.staff_arguments import actor_of, reason_of, staff_arguments_add
from users.identity.emails import AddressInvalid, email_canonical
from users.identity.mfa_reset import mfa_reset
from users.identity.models import User


class Command(BaseCommand):
    help = "Remove somebody's authenticators and recovery codes, and end all their sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address they sign in with.")
        staff_arguments_add(parser)

    def handle(self, *, email: str, **options: Any) -> None:
        timeouts_use("command")
        try:
            user = User.objects.get(email=email_canonical(email))
        except (AddressInvalid, User.DoesNotExist):
            raise CommandError(f"there is no user {email}") from None
        removed = mfa_reset(
            user=user,
            actor=actor_of(options),
            reason=reason_of(options),
            at=timezone.now(),
            correlation_id=str(uuid7()),
        )
        self.stdout.write(f"removed {removed} of {user.email}; every session is over")
