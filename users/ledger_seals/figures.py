"""What the home page of the users console says about the ledger's seals."""

from django.urls import reverse

from common.console import Figure
from users.ledger_seals.models import SealConflict


def conflicts_figure() -> Figure:
    """Seals that contradict those that are kept; the table is empty unless the ledger changed."""
    count = SealConflict.objects.count()
    return Figure(
        title="Seal conflicts",
        value=f"{count:,}",
        detail="seals that contradict those that are kept",
        url=reverse("admin:ledger_seals_sealconflict_changelist"),
        tone="danger" if count else "",
        word="conflicting" if count else "",
    )
