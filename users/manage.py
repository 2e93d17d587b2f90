"""Django's command line for the users service."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run a management command; `migrate` connects as the owner of the tables."""
    # The repository root takes the place of this folder, or apps would be imported under two
    # names and `celery` would be our own module.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "users.settings.production")
    if sys.argv[1:2] == ["migrate"]:
        os.environ["DATABASE_ROLE"] = "owner"
    if sys.argv[1:2] != ["consume_events"]:  # which waits for its database by itself
        os.environ.setdefault("DATABASE_POOL_TIMEOUT_S", "5")
    from django.core.management import execute_from_command_line  # noqa: PLC0415  after the path

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
