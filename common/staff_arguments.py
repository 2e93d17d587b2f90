"""Who of staff asks a command for a change, and why; both are written down."""

import getpass
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser


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
