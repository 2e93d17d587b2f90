"""Give somebody of this console's own staff an authenticator; there is no page for it."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from common.db.timeouts import timeouts_use
from common.staff.models import StaffAction
from common.staff_arguments import actor_of, reason_of, staff_arguments_add
from transactions.sign_on.accounts import signs_on


class Command(BaseCommand):
    help = (
        "Give somebody a new authenticator and new recovery codes, in the place of what they had;"
        " both are shown once. What was done is on the record of staff."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="The name that they sign in with.")
        staff_arguments_add(parser)

    def handle(self, *, username: str, **options: Any) -> None:
        timeouts_use("command")
        actor, reason = actor_of(options), reason_of(options)
        user = User.objects.filter(username=username, is_staff=True).first()
        if user is None:
            raise CommandError(f"there is nobody of staff called {username}")
        if signs_on(user):
            raise CommandError(f"{username} signs in with the users console, and its second factor")
        secret = generate_totp_secret()
        codes = _replace(user, secret=secret, actor=actor, reason=reason)
        self.stdout.write(get_adapter().build_totp_url(user, secret))
        self.stdout.write("recovery codes, each good once:")
        self.stdout.writelines(f"{code}\n" for code in codes)


@transaction.atomic
def _replace(user: User, *, secret: str, actor: str, reason: str) -> list[str]:
    Authenticator.objects.filter(user=user).delete()
    TOTP.activate(user, secret)
    codes: list[str] = RecoveryCodes.activate(user).get_unused_codes()
    StaffAction.objects.create(
        actor_id=actor[:64],
        actor_email="",
        action="staff.authenticator",
        target_type="auth.user",
        target_id=str(user.pk),
        reason=reason,
    )
    return codes
