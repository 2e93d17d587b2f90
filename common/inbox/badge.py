"""How many dead letters there are, beside the name of their page."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from common.inbox.models import InboxWaiting
from common.inbox.wiring import Wiring

_COUNTED_MAX = 1000


def dead_letters_badge(request: HttpRequest) -> str:  # noqa: ARG001  what a badge is asked with
    """The number of dead letters, `1000+` when there are more, nothing without any."""
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    dead = InboxWaiting.objects.filter(consumer=wiring.consumer, state=InboxWaiting.State.DEAD)
    count = dead.order_by("-id")[: _COUNTED_MAX + 1].count()
    if count > _COUNTED_MAX:
        return f"{_COUNTED_MAX}+"
    return str(count) if count else ""
