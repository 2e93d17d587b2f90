"""What the home page of the users console says."""

from django.http import HttpRequest

from common.console import FigureGroup
from common.inbox.figures import road_figures
from common.reconciliation.figures import repair_figures
from users.ledger_seals.figures import conflicts_figure
from users.submissions.figures import unclaimed_figure


def home_figures(request: HttpRequest) -> list[FigureGroup]:
    """The road, and what the other service has told that does not fit what is here."""
    return [*road_figures(request), repair_figures([unclaimed_figure(), conflicts_figure()])]
