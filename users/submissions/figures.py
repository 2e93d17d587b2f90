"""What the home page of the users console says, beside the road."""

from django.http import HttpRequest
from django.urls import reverse

from common.console import Figure, FigureGroup
from common.inbox.figures import road_figures
from common.reconciliation.figures import repair_figures
from users.submissions.models import UnclaimedOutcome


def home_figures(request: HttpRequest) -> list[FigureGroup]:
    """The road, what the other service has of it, and outcomes that are nobody's."""
    return [*road_figures(request), repair_figures([_unclaimed()])]


def _unclaimed() -> Figure:
    count = UnclaimedOutcome.objects.count()
    return Figure(
        title="Unclaimed outcomes",
        value=f"{count:,}",
        detail="of requests that this database does not know",
        url=reverse("admin:submissions_unclaimedoutcome_changelist"),
        tone="danger" if count else "",
        word="unclaimed" if count else "",
    )
