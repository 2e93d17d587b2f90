"""Make the demo accounts through the ordinary services, events included."""

import os
from typing import Any, NamedTuple

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.ids import uuid7
from users.identity.models import User
from users.identity.services import user_register


class _Account(NamedTuple):
    email: str
    password_variable: str
    role: User.Role = User.Role.USER
    is_staff: bool = False


_ACCOUNTS = (
    _Account("alice@example.com", "DEMO_ALICE_PASSWORD"),
    _Account("bob@example.com", "DEMO_BOB_PASSWORD"),
    _Account("treasury@example.com", "DEMO_TREASURY_PASSWORD", role=User.Role.TREASURY),
    _Account("admin@example.com", "DEMO_ADMIN_PASSWORD", is_staff=True),
)


class Command(BaseCommand):
    help = "Make the demo accounts that are missing; passwords come from DEMO_*_PASSWORD."

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's signature
        passwords = {account: _password(account.password_variable) for account in _ACCOUNTS}
        correlation_id = str(uuid7())
        for account, password in passwords.items():
            user = User.objects.filter(email=account.email).first()
            made = user is None
            user = user or user_register(
                email=account.email,
                password=password,
                status=User.Status.ACTIVE,
                at=timezone.now(),
                role=account.role,
                is_staff=account.is_staff,
                actor="system:seed_demo",
                correlation_id=correlation_id,
            )
            EmailAddress.objects.get_or_create(
                user=user, email=user.email, defaults={"primary": True, "verified": True}
            )
            self.stdout.write(f"{'made' if made else 'kept'} {account.email}")


def _password(variable: str) -> str:
    password = os.environ.get(variable)
    if not password:
        raise CommandError(f"set {variable}")
    return password
