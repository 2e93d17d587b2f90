"""What other services are told about people: ids and statuses, never personal data."""

from datetime import datetime
from typing import Literal, cast
from uuid import UUID

from common.events.contracts import UserActivatedV1, UserRegisteredV1
from users.identity.models import User


def user_registered(user: User) -> UserRegisteredV1:
    """The event of a new account."""
    return UserRegisteredV1(
        user_id=user.id,
        status=cast("Literal['pending_verification', 'active']", user.status),
        registered_at=user.created_at,
    )


def user_activated(*, user_id: UUID, at: datetime) -> UserActivatedV1:
    """The event of a verified address."""
    return UserActivatedV1(user_id=user_id, status="active", activated_at=at)
