"""The accounts of who signs on by the users console: theirs by its id, with its roles."""

from typing import Any, NamedTuple

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from common.internal.contracts import StaffTold
from common.staff.actions import Staff, Target, staff_record
from common.staff.groups import roles_of, roles_set
from common.staff.roles import Role
from transactions.sign_on.provider import PROVIDER

_NAME_MAX = 150


class Occasion(NamedTuple):
    """Why an account follows the users console, and the request in which it does."""

    action: str
    reason: str
    always_recorded: bool
    request_id: str = ""
    ip: str | None = None


@transaction.atomic
def account_follow(told: StaffTold, occasion: Occasion) -> User:
    """
    Make somebody's account what the users console says of them, on the record.

    Roles are those that are told and no others; without any they are not staff. An account that
    was locked out here stays so. Nobody becomes a superuser by this.
    """
    user = User.objects.select_for_update().get(pk=_account_of(told).pk)
    before = _state(user)
    roles = sorted(set(told.roles) & set(Role))
    if before["roles"] != roles:
        roles_set(user, roles=roles)
    user.email, user.first_name, user.is_staff = told.email, told.name[:_NAME_MAX], bool(roles)
    user.save(update_fields=["email", "first_name", "is_staff"])
    after = _state(user)
    if occasion.always_recorded or before != after:
        _record(user, occasion, before=before, after=after)
    return user


def signs_on(user: User) -> bool:
    """Whether an account is of the users console, and so are its roles."""
    return _theirs().filter(user=user).exists()


def with_sign_on(users: QuerySet[User]) -> QuerySet[User]:
    """Add `from_users_console` to accounts: what `signs_on` says of each, without asking again."""
    return users.annotate(from_users_console=Exists(_theirs().filter(user=OuterRef("pk"))))


def _theirs() -> QuerySet[SocialAccount]:
    return SocialAccount.objects.filter(provider=PROVIDER)


def _account_of(told: StaffTold) -> User:
    """
    The account of that id, made at their first sign-on.

    Never one that has their address by chance, or because somebody else chose it. The name is no
    address, so nobody can have made it by hand before them.
    """
    known = _theirs().filter(uid=str(told.sub)).select_related("user")
    if account := known.first():
        return account.user
    user, _ = User.objects.get_or_create(
        username=f"users.{told.sub}", defaults={"password": make_password(None)}
    )
    SocialAccount.objects.get_or_create(
        provider=PROVIDER, uid=str(told.sub), defaults={"user": user}
    )
    return user


def _state(user: User) -> dict[str, Any]:
    return {"staff": user.is_staff, "roles": roles_of(user)}


def _record(
    user: User, occasion: Occasion, *, before: dict[str, Any], after: dict[str, Any]
) -> None:
    who = Staff(
        id=str(user.pk),
        email=user.email,
        superuser=user.is_superuser,
        request_id=occasion.request_id,
        traceparent=None,
        ip=occasion.ip,
    )
    staff_record(
        who,
        action=occasion.action,
        target=Target.of(user),
        reason=occasion.reason,
        before=before,
        after=after,
    )
