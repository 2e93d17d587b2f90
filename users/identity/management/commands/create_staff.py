"""Make an account of staff; `createsuperuser` would leave out its stream and event."""

import os
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.ids import uuid7
from common.staff_arguments import roles_add, roles_given
from users.identity.emails import AddressInvalid
from users.identity.errors import EmailTaken
from users.identity.models import User
from users.identity.services import user_register


class Command(BaseCommand):
    help = "Make an account of staff; the password is asked for, or comes from STAFF_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address they sign in with.")
        roles_add(parser)

    def handle(self, *, email: str, **options: Any) -> None:
        given = roles_given(options)
        password = os.environ.get("STAFF_PASSWORD") or getpass("Password: ")
        try:
            validate_password(password)
            user = user_register(
                email=email,
                password=password,
                status=User.Status.ACTIVE,
                at=timezone.now(),
                address_verified=True,
                is_staff=True,
                is_superuser=given.superuser,
                staff_roles=given.roles,
                actor="system:create_staff",
                correlation_id=str(uuid7()),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except (AddressInvalid, EmailTaken) as error:
            raise CommandError(f"{email}: {error}") from error
        self.stdout.write(f"made {user.email}")
