"""
Access tokens that every service verifies, and refresh tokens that work exactly once.

A refresh token is random and stored as its hash. It is consumed by one UPDATE, so of any
number of uses at the same moment one wins; every other use, then or later, ends the family:
two parties have the token, and we cannot tell which of them is the thief (RFC 9700, 4.14.2).
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import jwt
import structlog
from django.conf import settings
from django.db import connection, transaction

from common.ids import uuid7
from common.staff.second_factor import second_factor_missing
from users.identity.models import LoginEvent, RefreshToken, TokenFamily, User
from users.identity.sign_ins import session_delete, session_user
from users.identity.signing_keys import signing_key
from users.identity.trail import Origin, login_event_add

log = structlog.get_logger(__name__)


class Tokens(NamedTuple):
    """What a client gets when it signs in or refreshes."""

    session_id: UUID
    access: str
    refresh: str


_NOWHERE = Origin()


def tokens_open(*, user: User, session_key: str, at: datetime, origin: Origin = _NOWHERE) -> Tokens:
    """Give the first tokens of a sign-in, and a family to all that descend from them."""
    family = TokenFamily(
        user=user,
        session_key=session_key,
        created_at=at,
        last_seen_at=at,
        ip=origin.ip,
        user_agent=origin.user_agent,
    )
    access = access_token_issue(user=user, session_id=family.id, at=at)
    with transaction.atomic():
        family.save(force_insert=True)
        refresh = _refresh_token_make(family, at)
    return Tokens(family.id, access, refresh)


def tokens_refresh(*, token: str, at: datetime, origin: Origin = _NOWHERE) -> Tokens | None:
    """
    Trade a refresh token for the next pair; None when it is not worth one.

    That is: unknown, expired or used; its sign-in over; its user not active, with another
    password since, or of staff by now and without a second factor. A used one also ends its
    family.
    """
    digest = _digest(token)
    with transaction.atomic():
        family = _refresh_token_use(digest, at)
        user = _family_user(family) if family else None
        refresh = _refresh_token_make(family, at) if family and user else None
        if family and user:
            _family_seen(family, at, origin)
    if family is None:
        _reuse_check(digest, at, origin)
    if family is None or user is None or refresh is None:
        return None
    access = access_token_issue(user=user, session_id=family.id, at=at)
    return Tokens(family.id, access, refresh)


def access_token_issue(*, user: User, session_id: UUID, at: datetime) -> str:
    """Sign an access token of `settings.ACCESS_TOKEN_LIFETIME_S` with the key whose turn it is."""
    key = signing_key(at=at)
    issued = int(at.timestamp())
    claims = {
        "iss": settings.TOKEN_ISSUER,
        "aud": settings.TOKEN_AUDIENCE,
        "sub": str(user.id),
        "sid": str(session_id),
        "jti": str(uuid7()),
        "iat": issued,
        "exp": issued + settings.ACCESS_TOKEN_LIFETIME_S,
        "role": user.role,
        "typ": "access",
    }
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})


def family_end(*, family_id: UUID, reason: TokenFamily.EndReason, at: datetime) -> None:
    """End a sign-in: its session is gone, and no token of it refreshes again."""
    with transaction.atomic():
        TokenFamily.objects.filter(id=family_id, ended_at=None).update(
            ended_at=at, end_reason=reason
        )
        family = TokenFamily.objects.get(id=family_id)
        session_delete(session_key=family.session_key)
    log.warning("token_family_ended", family=str(family_id), reason=str(reason))


def user_families_end(
    *,
    user_id: UUID,
    reason: TokenFamily.EndReason,
    at: datetime,
    only: Collection[UUID] | None = None,
    but: UUID | None = None,
) -> None:
    """
    End every sign-in of a user that has tokens, in the caller's transaction.

    `only` leaves all but those alone, `but` that one.
    """
    families = TokenFamily.objects.filter(user_id=user_id, ended_at=None)
    if only is not None:
        families = families.filter(id__in=only)
    if but is not None:
        families = families.exclude(id=but)
    for session_key in families.values_list("session_key", flat=True):
        session_delete(session_key=session_key)
    families.update(ended_at=at, end_reason=reason)


def refresh_tokens_purge(*, before: datetime) -> int:
    """
    Delete families whose every token expired before then; how many there were.

    Used tokens stay as long as their family can live, or reuse could not be noticed.
    """
    dead = TokenFamily.objects.exclude(tokens__expires_at__gte=before).filter(created_at__lt=before)
    count = dead.count()
    dead.delete()
    return count


def _refresh_token_use(digest: bytes, at: datetime) -> TokenFamily | None:
    """Consume the token; the family it belongs to, or None when there was nothing to consume."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE refresh_token SET used_at = %s"
            " WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s RETURNING family_id",
            [at, digest, at],
        )
        row = cursor.fetchone()
    return TokenFamily.objects.get(id=row[0]) if row else None


def _family_user(family: TokenFamily) -> User | None:
    """Whose family it is, while the sign-in stands and its user is active."""
    if family.ended_at is not None:
        return None
    user = session_user(session_key=family.session_key)
    if user is None or user.pk != family.user_id or second_factor_missing(user):
        return None
    return user


def _family_seen(family: TokenFamily, at: datetime, origin: Origin) -> None:
    family.last_seen_at, family.ip, family.user_agent = at, origin.ip, origin.user_agent
    family.save(update_fields=["last_seen_at", "ip", "user_agent"])


def _refresh_token_make(family: TokenFamily, at: datetime) -> str:
    token = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        family=family,
        token_hash=_digest(token),
        created_at=at,
        expires_at=at + timedelta(seconds=settings.REFRESH_TOKEN_LIFETIME_S),
    )
    return token


def _reuse_check(digest: bytes, at: datetime, origin: Origin) -> None:
    tokens = RefreshToken.objects.select_related("family")
    used = tokens.filter(token_hash=digest, used_at__isnull=False).first()
    if used is None:
        return
    family_end(family_id=used.family_id, reason=TokenFamily.EndReason.REUSE, at=at)
    login_event_add(
        type=LoginEvent.Type.REFRESH_REUSED,
        user_id=used.family.user_id,
        origin=origin,
        at=at,
        detail=str(used.family_id),
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
