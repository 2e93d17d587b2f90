"""Make the first key that signs access tokens."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management.base import BaseCommand

_BITS = 3072


class Command(BaseCommand):
    help = "Make an RSA key in USERS_SIGNING_KEYS_DIR; does nothing when there is one."
    requires_system_checks: list[str] = []  # noqa: RUF012  Django's own way to ask for none

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's signature
        folder = Path(settings.SIGNING_KEYS_DIR)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.glob("*.pem")):
            self.stdout.write(f"{folder} has a signing key")
            return
        # Names sort by age: the newest signs.
        path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.pem"
        _write_private(path, _new_pem())
        self.stdout.write(f"made {path}")


def _new_pem() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads; it has its final name only when it is complete."""
    part = path.with_suffix(f".{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
