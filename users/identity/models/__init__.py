"""People, their sign-ins, their refresh tokens, and the trail of what they did with them."""

from users.identity.models.login_event import LoginEvent
from users.identity.models.token_family import RefreshToken, TokenFamily
from users.identity.models.user import User, UserManager, UserStatusChange

__all__ = [
    "LoginEvent",
    "RefreshToken",
    "TokenFamily",
    "User",
    "UserManager",
    "UserStatusChange",
]
