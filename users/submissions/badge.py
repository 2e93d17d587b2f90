"""How many proposals wait for somebody, beside the name of their page."""

from django.http import HttpRequest
from django.utils import timezone

from users.submissions.models import CommandProposal

_COUNTED_MAX = 100
_DECIDE = "submissions.decide_proposal"


def proposals_badge(request: HttpRequest) -> str:
    """
    The number of open proposals that whoever looks may decide on; nothing without any.

    Their own are left out, which wait for a colleague; `100+` when there are more.
    """
    user = request.user
    if not user.has_perm(_DECIDE):
        return ""
    waiting = CommandProposal.objects.filter(
        status=CommandProposal.Status.OPEN, expires_at__gt=timezone.now()
    ).exclude(proposed_by=user.pk)
    count = waiting[: _COUNTED_MAX + 1].count()
    if count > _COUNTED_MAX:
        return f"{_COUNTED_MAX}+"
    return str(count) if count else ""
