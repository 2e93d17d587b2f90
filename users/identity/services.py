"""Sign-up and profiles; what becomes of people afterwards is in `lifecycle`."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction

from common.db.refusing import refusing
from common.ids import uuid7
from common.outbox.append import NewEvent, outbox_append, stream_open
from common.staff.groups import roles_set
from users.identity.emails import email_canonical
from users.identity.errors import AccountNotActive, EmailTaken, ProfileChanged
from users.identity.events import user_registered
from users.identity.models import User
from users.identity.profile import profile_etag


def user_register(
    *,
    email: str,
    password: str,
    status: User.Status,
    at: datetime,
    correlation_id: str,
    traceparent: str | None = None,
    actor: str | None = None,
    role: User.Role = User.Role.USER,
    address_verified: bool = False,
    is_staff: bool = False,
    is_superuser: bool = False,
    staff_roles: Collection[str] = (),
) -> User:
    """
    Make an account with its address, begin its stream and announce it: all of them or nothing.

    `status` is pending or active. The new user is the actor unless another is named. `staff_roles`
    are of `common.staff.roles`, for staff.

    Raises:
        AddressInvalid: the address has no canonical form.
        EmailTaken: somebody has it.
    """
    user = User(
        email=email_canonical(email),
        status=status,
        role=role,
        is_staff=is_staff,
        is_superuser=is_superuser,
        created_at=at,
    )
    # Hashing takes long on purpose: before the transaction, not in it.
    user.set_password(password)
    with refusing({"user_email_once": EmailTaken}), transaction.atomic(durable=True):
        _account_add(user, address_verified=address_verified)
        if staff_roles:
            roles_set(user, roles=staff_roles)
        _account_announce(user, actor=actor, correlation_id=correlation_id, traceparent=traceparent)
    return user


def user_register_in_vain(
    *,
    password: str,
    status: User.Status,
    at: datetime,
    correlation_id: str,
    traceparent: str | None,
) -> None:
    """
    Do the work of `user_register`, and keep nothing of it.

    For an address that somebody has, where the time of an answer must not tell (A15).
    """
    user = User(email=f"{uuid7()}@nobody.invalid", status=status, created_at=at)
    user.set_password(password)
    with transaction.atomic(durable=True):
        _account_add(user, address_verified=False)
        _account_announce(user, actor=None, correlation_id=correlation_id, traceparent=traceparent)
        transaction.set_rollback(True)


def _account_add(user: User, *, address_verified: bool) -> None:
    user.save(force_insert=True)
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=address_verified
    )
    stream_open(stream=user.id, accepting=user.is_active)


def _account_announce(
    user: User, *, actor: str | None, correlation_id: str, traceparent: str | None
) -> None:
    outbox_append(
        event=NewEvent(
            stream=user.id,
            event=user_registered(user),
            occurred_at=user.created_at,
            actor=actor or f"user:{user.id}",
            correlation_id=correlation_id,
            traceparent=traceparent,
        )
    )


@transaction.atomic
def profile_change(*, user_id: UUID, display_name: str, if_match: list[str] | None) -> User:
    """
    Change what people may change of themselves.

    `if_match` holds the entity tags that the client accepts (`*` any), None for no condition.

    Raises:
        AccountNotActive: they are suspended, closing or closed.
        ProfileChanged: none of the tags is the current one.
    """
    user = User.objects.select_for_update(no_key=True).get(id=user_id)
    if not user.is_active:
        raise AccountNotActive
    if if_match is not None and "*" not in if_match and profile_etag(user) not in if_match:
        raise ProfileChanged
    user.display_name = display_name
    user.save(update_fields=["display_name"])
    return user
