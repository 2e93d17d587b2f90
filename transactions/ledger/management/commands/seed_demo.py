"""The demo's staff."""

import os
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

_ADMIN = "admin@example.com"


class Command(BaseCommand):
    help = f"Make {_ADMIN} a superuser of this console; the password is DEMO_ADMIN_PASSWORD."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  Django's signature
        password = os.environ.get("DEMO_ADMIN_PASSWORD")
        if not password:
            raise CommandError("DEMO_ADMIN_PASSWORD is not set")
        user, created = User.objects.get_or_create(
            username=_ADMIN, defaults={"email": _ADMIN, "is_staff": True, "is_superuser": True}
        )
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        self.stdout.write(f"{_ADMIN} {'made' if created else 'is there'}")
