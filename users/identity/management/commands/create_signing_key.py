"""Make the first key that signs access tokens."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from users.identity.key_rotation import key_make


class Command(BaseCommand):
    help = "Make an RSA key in USERS_SIGNING_KEYS_DIR; does nothing when there is one."
    requires_system_checks: list[str] = []  # noqa: RUF012  Django's own way to ask for none

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's signature
        folder = Path(settings.SIGNING_KEYS_DIR)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.glob("*.pem")):
            self.stdout.write(f"{folder} has a signing key")
            return
        self.stdout.write(f"made {key_make(signs_from=timezone.now())}")
