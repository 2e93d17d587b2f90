"""What the home page of the users console says about outcomes."""

from django.urls import reverse

from common.console import Figure
from users.submissions.models import UnclaimedOutcome


def unclaimed_figure() -> Figure:
    """Outcomes that are nobody's."""
    count = UnclaimedOutcome.objects.count()
    return Figure(
        title="Unclaimed outcomes",
        value=f"{count:,}",
        detail="of requests that this database does not know",
        url=reverse("admin:submissions_unclaimedoutcome_changelist"),
        tone="danger" if count else "",
        word="unclaimed" if count else "",
    )
