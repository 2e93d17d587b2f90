"""The demo's staff, and if asked for a past of other people."""

import os
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.db.timeouts import timeouts_use
from common.demo_history.scale import scale_arguments_add
from common.demo_history.writing import past_write
from transactions.demo_history import LedgerPast

_ADMIN = "admin@example.com"


class Command(BaseCommand):
    help = f"Make {_ADMIN} a superuser of this console; the password is DEMO_ADMIN_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        scale_arguments_add(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  Django's signature
        if options["scale"]:
            timeouts_use("command")  # those of the settings are for web requests
        self._make_staff()
        if options["scale"]:
            self.stdout.write(past_write(LedgerPast, options))

    def _make_staff(self) -> None:
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
