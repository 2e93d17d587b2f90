"""What other services are told about people: ids and statuses, never personal data."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from common.events.contracts import (
    Event,
    UserActivatedV1,
    UserClosedV1,
    UserCloseRefusedV1,
    UserCloseRequestedV1,
    UserRegisteredV1,
    UserReinstatedV1,
    UserSuspendedV1,
)
from users.identity.models import User


def user_registered(user: User) -> UserRegisteredV1:
    """The event of a new account."""
    return UserRegisteredV1(
        user_id=user.id,
        status=cast("Literal['pending_verification', 'active']", user.status),
        registered_at=user.created_at,
    )


def user_status_changed(
    *, user_id: UUID, from_status: User.Status, to_status: User.Status, at: datetime
) -> Event:
    """The event of a status that became another; raises `KeyError` for one that nobody gets."""
    if from_status == _STATUS.PENDING_VERIFICATION and to_status == _STATUS.ACTIVE:
        return UserActivatedV1(user_id=user_id, status="active", activated_at=at)
    return _EVENTS[to_status](user_id, at)


_STATUS = User.Status
_EVENTS: dict[User.Status, Callable[[UUID, datetime], Event]] = {
    # Only those come back to it who asked to be closed.
    _STATUS.PENDING_VERIFICATION: lambda user_id, at: UserCloseRefusedV1(
        user_id=user_id, status="pending_verification", refused_at=at
    ),
    _STATUS.ACTIVE: lambda user_id, at: UserReinstatedV1(
        user_id=user_id, status="active", reinstated_at=at
    ),
    _STATUS.SUSPENDED: lambda user_id, at: UserSuspendedV1(
        user_id=user_id, status="suspended", suspended_at=at
    ),
    _STATUS.CLOSING: lambda user_id, at: UserCloseRequestedV1(
        user_id=user_id, status="closing", requested_at=at
    ),
    _STATUS.CLOSED: lambda user_id, at: UserClosedV1(
        user_id=user_id, status="closed", closed_at=at
    ),
}
