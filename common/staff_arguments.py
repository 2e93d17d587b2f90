"""Who of staff asks a command for a change, and why; and which roles they give."""

import getpass
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core.management.base import CommandError, CommandParser

from common.staff.roles import Role


def staff_arguments_add(verb: CommandParser) -> None:
    """Add `--reason` and `--actor`."""
    verb.add_argument("--reason", default="", help="Why; it is written down.")
    verb.add_argument("--actor", default="", metavar="NAME", help="Who of staff asks.")


def reason_of(options: Mapping[str, Any]) -> str:
    """Why it is done. Raises `CommandError` without a reason."""
    reason: str = options["reason"].strip()
    if not reason:
        raise CommandError("--reason is needed: it is written down")
    return reason


def actor_of(options: Mapping[str, Any]) -> str:
    """Who does it: somebody of staff, else the login on this machine."""
    name = options["actor"].strip()
    return f"staff:{name}"[:100] if name else f"system:{getpass.getuser()}"[:100]


class Given(NamedTuple):
    """What somebody of staff is given."""

    roles: list[str]
    superuser: bool


def roles_add(parser: CommandParser) -> None:
    """Add `--role`, which may be repeated, and `--superuser`."""
    parser.add_argument(
        "--role", action="append", choices=list(Role), default=[], help="May be repeated."
    )
    parser.add_argument("--superuser", action="store_true", help="May do whatever anybody may.")


def roles_given(options: Mapping[str, Any]) -> Given:
    """What was asked for. Raises `CommandError` for nothing: they could sign in and do nothing."""
    given = Given(options["role"], options["superuser"])
    if not given.roles and not given.superuser:
        raise CommandError(f"--role is needed ({', '.join(Role)}), or --superuser")
    return given
