"""What other services are told about people: ids and statuses, never personal data."""

from typing import Literal, cast

from common.events.contracts import UserRegisteredV1
from users.identity.models import User


def user_registered(user: User) -> UserRegisteredV1:
    """The event of a new account."""
    return UserRegisteredV1(
        user_id=user.id,
        status=cast("Literal['pending_verification', 'active']", user.status),
        registered_at=user.created_at,
    )
