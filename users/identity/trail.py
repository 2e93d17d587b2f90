"""
The trail of sign-ins: who got in, who tried, and what became of passwords and second factors.

An event is written by whoever does the thing, and before it is answered; when it cannot be
written, the thing fails. Attempts with addresses that nobody has are written like the others, so
that neither takes longer.
"""

import ipaddress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from allauth.core.internal.httpkit import get_client_ip
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from users.identity.models import LoginEvent

_USER_AGENT_MAX = 200
_PRUNED_AT_ONCE = 10_000


class Origin(NamedTuple):
    """Where a request came from, as far as we know."""

    ip: str | None = None
    user_agent: str = ""
    request_id: str = ""


def origin_of(request: HttpRequest | None) -> Origin:
    """Where a request came from: the proxy's word for the address, the client's for the rest."""
    if request is None:
        return Origin()
    return Origin(
        ip=_ip(request),
        user_agent=request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[:_USER_AGENT_MAX],
        request_id=getattr(request, "request_id", ""),
    )


def _ip(request: HttpRequest) -> str | None:
    try:
        return str(ipaddress.ip_address(get_client_ip(request) or ""))
    except (ValueError, ImproperlyConfigured):
        # A proxy of ours always names an address; what else stands there is worth nothing.
        return None


def login_event_add(
    *,
    type: LoginEvent.Type,  # noqa: A002  the field's name
    user_id: UUID | None,
    origin: Origin,
    at: datetime,
    detail: str = "",
    address: str = "",
    actor: str = "",
    reason: str = "",
) -> None:
    """
    Write one event. `address` is what was tried where nobody is known; only a hash is kept.

    In the caller's transaction, if there is one.
    """
    LoginEvent.objects.create(
        type=type,
        user_id=user_id,
        detail=detail,
        address_hash=address_hash(address) if user_id is None else None,
        ip=origin.ip,
        user_agent=origin.user_agent,
        request_id=origin.request_id,
        actor=actor,
        reason=reason,
        happened_at=at,
    )


def address_hash(address: str) -> bytes:
    """
    Tell attempts at one address from those at another, without keeping it.

    Keyed: the addresses in use are few enough to be tried one by one.
    """
    return salted_hmac("users.identity.trail", address, algorithm="sha256").digest()


def login_events_prune(*, before: datetime) -> int:
    """Delete events that happened before then, some at a time; how many there were."""
    total = 0
    while True:
        oldest = LoginEvent.objects.filter(happened_at__lt=before).order_by("happened_at")
        ids = list(oldest.values_list("id", flat=True)[:_PRUNED_AT_ONCE])
        total += LoginEvent.objects.filter(id__in=ids).delete()[0]
        if len(ids) < _PRUNED_AT_ONCE:
            return total
