#!/usr/bin/env python
"""The transactions service's commands."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    # The folder of this file is on the path by default, and `ledger` would then be importable
    # under two names; the root of the repository takes its place.
    sys.path[0] = str(ROOT)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transactions.settings.production")
    if sys.argv[1:2] == ["migrate"]:
        os.environ["DATABASE_ROLE"] = "owner"
    if sys.argv[1:2] != ["consume_events"]:  # which waits for its database by itself
        os.environ.setdefault("DATABASE_POOL_TIMEOUT_S", "5")

    from django.core.management import execute_from_command_line  # noqa: PLC0415  after sys.path

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
