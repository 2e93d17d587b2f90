"""Make the demo accounts through the ordinary services, and if asked for a past of others."""

import os
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.db.timeouts import timeouts_use
from common.demo_history.scale import scale_arguments_add
from common.demo_history.writing import past_write
from common.ids import uuid7
from common.staff.roles import Role
from users.demo_history import UsersPast
from users.identity.models import User
from users.identity.services import user_register


class _Account(NamedTuple):
    email: str
    password_variable: str
    role: User.Role = User.Role.USER
    is_superuser: bool = False
    staff_role: Role | None = None


_ACCOUNTS = (
    _Account("alice@example.com", "DEMO_ALICE_PASSWORD"),
    _Account("bob@example.com", "DEMO_BOB_PASSWORD"),
    _Account("treasury@example.com", "DEMO_TREASURY_PASSWORD", role=User.Role.TREASURY),
    _Account("admin@example.com", "DEMO_ADMIN_PASSWORD", is_superuser=True),
    *(
        _Account(f"{role}@example.com", f"DEMO_{role.upper()}_PASSWORD", staff_role=role)
        for role in Role
    ),
)


class Command(BaseCommand):
    help = "Make the demo accounts that are missing; passwords come from DEMO_*_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        scale_arguments_add(parser)

    def handle(self, **options: Any) -> None:
        if options["scale"]:
            timeouts_use("command")  # those of the settings are for web requests
        self._make_accounts()
        if options["scale"]:
            self.stdout.write(past_write(UsersPast, options))

    def _make_accounts(self) -> None:
        passwords = {account: _password(account.password_variable) for account in _ACCOUNTS}
        correlation_id = str(uuid7())
        for account, password in passwords.items():
            missing = not User.objects.filter(email=account.email).exists()
            if missing:
                user_register(
                    email=account.email,
                    password=password,
                    status=User.Status.ACTIVE,
                    at=timezone.now(),
                    role=account.role,
                    address_verified=True,
                    is_staff=account.is_superuser or account.staff_role is not None,
                    is_superuser=account.is_superuser,
                    staff_roles=[account.staff_role] if account.staff_role else [],
                    actor="system:seed_demo",
                    correlation_id=correlation_id,
                )
            self.stdout.write(f"{'made' if missing else 'kept'} {account.email}")


def _password(variable: str) -> str:
    password = os.environ.get(variable)
    if not password:
        raise CommandError(f"set {variable}")
    return password
