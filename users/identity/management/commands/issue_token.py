"""Print an access token without a password, for demonstrations on one machine."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.ids import uuid7
from users.identity.emails import AddressInvalid, email_canonical
from users.identity.models import User
from users.identity.tokens import access_token_issue


class Command(BaseCommand):
    help = "Print an access token of somebody; local settings only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: Any) -> None:  # noqa: ARG002  Django's signature
        if not settings.ALLOW_ISSUING_TOKENS:
            raise CommandError("these settings do not allow issuing tokens")
        try:
            user = User.objects.filter(email=email_canonical(email)).first()
        except AddressInvalid:
            raise CommandError(f"{email} is not an e-mail address") from None
        if user is None or not user.is_active:
            raise CommandError(f"there is no active user {email}")
        self.stdout.write(access_token_issue(user=user, session_id=uuid7(), at=timezone.now()))
