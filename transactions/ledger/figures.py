"""What the home page of the transactions console says, beside the road."""

from django.http import HttpRequest
from django.urls import reverse

from common.console import Figure, FigureGroup
from common.reconciliation.figures import home_figures as common_figures
from transactions.ledger.models import JournalSeal, LedgerCheckResult


def home_figures(request: HttpRequest) -> list[FigureGroup]:
    """The road, what users has of it, and whether the books are as they were."""
    return [*common_figures(request), FigureGroup(title="Books", figures=[_seals(), *_checks()])]


def _seals() -> Figure:
    head = JournalSeal.objects.order_by("-number").first()
    return Figure(
        title="Seals",
        value=f"{head.number if head else 0:,}",
        detail="" if head is None else f"the last over entry {head.last_sequence:,}",
        url=reverse("admin:ledger_journalseal_changelist"),
    )


def _checks() -> list[Figure]:
    return [_check(one) for one in LedgerCheckResult.objects.order_by("name")]


def _check(result: LedgerCheckResult) -> Figure:
    return Figure(
        title=LedgerCheckResult.Check(result.name).label,
        value="Right" if result.ok else "Wrong",
        detail=f"{result.at:%Y-%m-%d %H:%M} UTC",
        url=reverse("admin:ledger_ledgercheckresult_changelist"),
        tone="" if result.ok else "danger",
        word="" if result.ok else "wrong",
    )
