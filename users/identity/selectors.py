"""Questions about people."""

from collections.abc import Collection, Mapping
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q, Subquery

from users.identity.models import User


def user_get(*, user_id: UUID) -> User | None:
    """The person of that id."""
    return User.objects.filter(id=user_id).first()


def user_statuses(*, user_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The status of each of these people; who is unknown is absent."""
    return dict(User.objects.filter(id__in=user_ids).values_list("id", "status"))


def user_is_treasury(*, user_id: UUID) -> bool:
    """Whether that person has the treasury role at this moment, whatever their token says."""
    return User.objects.filter(id=user_id, role=User.Role.TREASURY).exists()


def sign_in_candidate(*, address: str) -> User | None:
    """
    Who signs in with that address: whose verified address it is, else who signed up with it.

    One query whether there is somebody or not: it must not tell by its time.
    """
    verified = EmailAddress.objects.filter(email=address, verified=True).values("user_id")[:1]
    found = User.objects.filter(Q(email=address) | Q(id=Subquery(verified)))
    return max(found, key=lambda user: user.email != address, default=None)
