"""The demo's staff, and if asked for a past of other people."""

import os
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.db.timeouts import timeouts_use
from common.demo_history.scale import scale_arguments_add
from common.demo_history.writing import past_write
from common.staff.groups import roles_set
from common.staff.roles import Role
from transactions.demo_history import LedgerPast

_ADMIN = "admin"
_NAMES = (_ADMIN, *Role)


class Command(BaseCommand):
    help = "Make the demo's staff, one for each role; passwords come from DEMO_*_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        scale_arguments_add(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  Django's signature
        if options["scale"]:
            timeouts_use("command")  # those of the settings are for web requests
        self._make_staff()
        if options["scale"]:
            self.stdout.write(past_write(LedgerPast, options))

    def _make_staff(self) -> None:
        passwords = {name: _password(f"DEMO_{name.upper()}_PASSWORD") for name in _NAMES}
        for name, password in passwords.items():
            address = f"{name}@example.com"
            user, created = User.objects.get_or_create(
                username=address,
                defaults={"email": address, "is_staff": True, "is_superuser": name == _ADMIN},
            )
            if not user.check_password(password):
                user.set_password(password)
                user.save(update_fields=["password"])
            if created and name != _ADMIN:
                roles_set(user, roles=[name])
            self.stdout.write(f"{address} {'made' if created else 'is there'}")


def _password(variable: str) -> str:
    password = os.environ.get(variable)
    if not password:
        raise CommandError(f"{variable} is not set")
    return password
