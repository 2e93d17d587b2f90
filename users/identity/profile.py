"""The profile as its owner sees it, and the tag of a version of it."""

import hashlib
import json
from typing import Any

from users.identity.models import User


def profile_represent(user: User) -> dict[str, Any]:
    """The members of a profile, in the order of the contract."""
    return {
        "id": user.id,
        "email": user.email,
        "display_name": user.display_name,
        "status": user.status,
        "created_at": user.created_at,
    }


def profile_etag(user: User) -> str:
    """A strong entity tag: two profiles that look the same have the same one."""
    content = json.dumps(profile_represent(user), default=str, sort_keys=True)
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
