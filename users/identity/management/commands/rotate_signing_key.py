"""Give the signing of access tokens to a new key, or say how far that has come."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.api.token_keys import KeysUnavailable
from users.identity.key_rotation import key_standings, signing_key_rotate


class Command(BaseCommand):
    help = (
        "Announce a new signing key, which signs once everybody knows it; the old one is removed"
        " when its last token has expired. May run twice: a rotation under way goes on."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012  Django's own way to ask for none

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--status", action="store_true", help="Change nothing.")

    def handle(self, *, status: bool, **options: Any) -> None:  # noqa: ARG002  Django's options
        try:
            if not status:
                made = signing_key_rotate(at=timezone.now())
                self.stdout.write(f"announced {made.name}" if made else "a rotation is under way")
            for standing in key_standings(at=timezone.now()):
                until = f" until {standing.until.isoformat()}" if standing.until else ""
                self.stdout.write(f"{standing.key.kid} {standing.state}{until}")
        except (KeysUnavailable, FileNotFoundError):
            raise CommandError("there is no key: create_signing_key makes the first") from None
