"""Make an account of staff for this console."""

import os
from getpass import getpass
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from common.staff.groups import roles_set
from common.staff_arguments import roles_add, roles_given


class Command(BaseCommand):
    help = "Make an account of staff; the password is asked for, or comes from STAFF_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The address they sign in with.")
        roles_add(parser)

    def handle(self, *, email: str, **options: Any) -> None:
        given = roles_given(options)
        password = os.environ.get("STAFF_PASSWORD") or getpass("Password: ")
        address = email.lower()
        try:
            validate_email(address)
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            user, made = User.objects.get_or_create(
                username=address,
                defaults={"email": address, "is_staff": True, "is_superuser": given.superuser},
            )
            if not made:
                raise CommandError(f"{address} is there already")
            user.set_password(password)
            user.save(update_fields=["password"])
            roles_set(user, roles=given.roles)
        self.stdout.write(f"made {address}")
