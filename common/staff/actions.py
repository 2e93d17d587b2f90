"""
What staff change from a console: through the service that everybody uses, permitted and recorded.

`staff_act` does all of it for what is one transaction. What is several of them (many letters), or
none (an export), writes its own record with `staff_record`.
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest

from common.staff.models import StaffAction

Result = TypeVar("Result")
State = Mapping[str, Any]


class Staff(NamedTuple):
    """Who of staff asks, and the request that they ask with."""

    id: str
    email: str
    superuser: bool
    request_id: str
    traceparent: str | None
    ip: str | None

    @property
    def actor(self) -> str:
        """How services and events name them; never by their address."""
        return f"staff:{self.id}"


class Target(NamedTuple):
    """What is acted on: a name of its kind, and its id (empty where it is no single thing)."""

    type: str
    id: str = ""

    @classmethod
    def of(cls, row: Model) -> "Target":
        """A row as the target: `identity.user` and its key."""
        return cls(row._meta.label_lower, str(row.pk))  # noqa: SLF001  Django's API


def staff_of(request: HttpRequest) -> Staff:
    """Who asks in a console; a view of the admin site has made sure that there is somebody."""
    user: Any = request.user
    return Staff(
        id=str(user.pk),
        email=user.email,
        superuser=user.is_superuser,
        request_id=getattr(request, "request_id", ""),
        traceparent=getattr(request, "traceparent", None),
        ip=address_of(request),
    )


def staff_permitted(request: HttpRequest, permission: str) -> None:
    """Raise `PermissionDenied` unless whoever asks has the permission (`identity.suspend_user`)."""
    user: Any = request.user
    if not user.has_perm(permission):
        raise PermissionDenied


def staff_act(
    request: HttpRequest,
    *,
    permission: str,
    action: str,
    target: Target,
    reason: str,
    act: Callable[[], Result],
    state: Callable[[], State] | None = None,
) -> Result:
    """
    Do something that staff ask for and record it, both or neither; what `act` returns.

    A transaction of its own, which `act` becomes part of: services that insist on one of their
    own cannot be called. `state` is asked before and after. Refusals of the service pass through,
    and leave no record: nothing happened.

    Raises `PermissionDenied` without the permission.
    """
    staff_permitted(request, permission)
    with transaction.atomic(durable=True):
        # Not under a lock: services lock in orders of their own. It is what staff could see.
        before = state() if state else None
        result = act()
        staff_record(
            staff_of(request),
            action=action,
            target=target,
            reason=reason,
            before=before,
            after=state() if state else None,
        )
    return result


def staff_rehearse(request: HttpRequest, *, permission: str, act: Callable[[], Result]) -> Result:
    """
    Do something and undo all of it, to see what would come of it; what `act` returns.

    Raises `PermissionDenied` without the permission.
    """
    staff_permitted(request, permission)
    with transaction.atomic(durable=True):
        result = act()
        transaction.set_rollback(True)
    return result


def staff_record(
    staff: Staff,
    *,
    action: str,
    target: Target,
    reason: str,
    before: State | None = None,
    after: State | None = None,
) -> None:
    """
    Write down what somebody of staff does, in the caller's transaction.

    Without one, raises `TransactionManagementError`: the record must stand or fall with the deed.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("needs the caller's transaction")
    StaffAction.objects.create(
        actor_id=staff.id,
        actor_email=staff.email,
        action=action,
        target_type=target.type,
        target_id=target.id,
        reason=reason,
        before=before,
        after=after,
        request_id=staff.request_id,
        ip=staff.ip,
    )


def address_of(request: HttpRequest) -> str | None:
    """The client's address: what the proxy before us names last, or who connects without one."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(forwarded or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None
