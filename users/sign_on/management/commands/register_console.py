"""Let the console of transactions sign staff on."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from users.sign_on.client import console_client_set


class Command(BaseCommand):
    help = (
        "Register the console at TRANSACTIONS_CONSOLE_URL for one sign-on, with the secret"
        " STAFF_SIGN_ON_SECRET; again after either has changed."
    )

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's signature
        if not settings.TWIN_CONSOLE_URL:
            raise CommandError("TRANSACTIONS_CONSOLE_URL is not set: there is nothing to register")
        changed = console_client_set(
            console_url=settings.TWIN_CONSOLE_URL, secret=settings.STAFF_SIGN_ON_SECRET
        )
        self.stdout.write("registered" if changed else "registered already")
