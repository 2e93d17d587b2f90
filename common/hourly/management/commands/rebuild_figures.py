"""Makes the console's figures anew."""

from typing import Any

from django.core.management.base import BaseCommand

from common.db.timeouts import timeouts_use
from common.hourly.folding import figures_rebuild


class Command(BaseCommand):
    help = (
        "Make the figures by the hour anew from the tables that they are about, which takes a"
        " while; nothing stops meanwhile. Needed only if somebody has changed them by hand."
    )

    def handle(self, **options: Any) -> None:  # noqa: ARG002  Django's signature
        timeouts_use("command")
        self.stdout.write(f"{figures_rebuild():,} figures made")
