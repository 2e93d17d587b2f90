"""Encrypt second factors anew, so that an old secret can be taken away."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from common.db.timeouts import timeouts_use
from common.staff.mfa_secrets import authenticators_reencrypt


class Command(BaseCommand):
    help = (
        "Encrypt every second factor under the first of the service's MFA_SECRETS; may run twice."
    )

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's signature
        timeouts_use("command")
        try:
            count = authenticators_reencrypt()
        except InvalidToken:
            raise CommandError(
                "none of the service's MFA_SECRETS fits some second factor"
            ) from None
        self.stdout.write(f"encrypted {count} anew")
