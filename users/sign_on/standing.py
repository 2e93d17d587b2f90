"""What the users console says of somebody of staff: who they are, and which roles they have."""

from collections.abc import Collection
from uuid import UUID

from django.utils.crypto import salted_hmac

from common.internal.contracts import StaffTold
from common.staff.groups import roles_of
from users.identity.models import User


def staff_told(user: User) -> StaffTold | None:
    """What other consoles may know of somebody; None of whoever is not active staff with a role."""
    roles = roles_of(user) if user.is_active and user.is_staff else []
    if not roles:
        return None
    return StaffTold(
        sub=user.pk,
        email=user.email,
        name=user.display_name or user.email,
        roles=roles,
        stamp=_stamp(user),
    )


def staff_told_of(*, ids: Collection[UUID]) -> list[StaffTold]:
    """The same of several people, by id; of whom there is nothing to say is absent."""
    people = User.objects.filter(id__in=ids, is_staff=True).order_by("id")
    return [told for told in map(staff_told, people) if told is not None]


def _stamp(user: User) -> str:
    """
    Changes whenever every session of theirs ends: a new password, no second factor, an epoch.

    A digest, because what it is made of is nobody's business but the session's.
    """
    known = user.get_session_auth_hash()
    return salted_hmac("users.sign_on.stamp", known, algorithm="sha256").hexdigest()
