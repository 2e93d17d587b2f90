"""
Access tokens: RS256, verified by every service itself; identity headers are never trusted.

The rules are those of RFC 8725: one algorithm, keys from our own list by `kid` only, issuer,
audience, type and life checked, every other key header ignored.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.api.token_keys import token_keys
from common.api.verified_tokens import Verified, VerifiedTokens

_ALGORITHM = "RS256"
_LEEWAY_S = 5
_TOKEN_MAX = 4096
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti", "sid", "role", "typ"]
_PARTS = 2
_ROLES = ("user", "treasury")


@dataclass(frozen=True, slots=True)
class Principal:
    """
    Who asks: a user as an access token describes them. `role` is `user` or `treasury`.

    It stands where Django REST framework expects a user, without a query.
    """

    user_id: UUID
    role: str
    session_id: str

    is_authenticated = True
    is_active = True

    @property
    def pk(self) -> UUID:
        return self.user_id


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer …`; no header means anonymous, a bad token means 401."""

    def authenticate(self, request: Request) -> tuple[Principal, str] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != _PARTS or len(parts[1]) > _TOKEN_MAX:
            raise AuthenticationFailed
        try:
            token = parts[1].decode("ascii")
        except UnicodeDecodeError:
            raise AuthenticationFailed from None
        return token_verify(token), token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  DRF's signature
        return "Bearer"


def token_verify(token: str) -> Principal:
    """
    Check an access token and say whose it is.

    Raises:
        AuthenticationFailed: the token is not one that this service accepts, for any reason.
        KeysUnavailable: the public keys are not known yet, so nothing can be said.
    """
    known = _verified.find(token)
    if known and token_keys().find(known.kid) is known.key:
        return known.principal
    try:
        verified = _verify(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise AuthenticationFailed from None
    _verified.keep(token, verified)
    return verified.principal


_verified: VerifiedTokens[Principal] = VerifiedTokens()


def _verify(token: str) -> Verified[Principal]:
    header = jwt.get_unverified_header(token)
    kid = header.get("kid")
    if header.get("alg") != _ALGORITHM or not isinstance(kid, str) or "crit" in header:
        raise AuthenticationFailed
    key = token_keys().find(kid)
    if key is None:
        raise AuthenticationFailed
    claims = _claims(token, key)
    principal = Principal(
        user_id=UUID(claims["sub"]), role=str(claims["role"]), session_id=str(claims["sid"])
    )
    return Verified(principal, kid=kid, key=key, good_until=claims["exp"] + _LEEWAY_S)


def _claims(token: str, key: Any) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        key=key,
        algorithms=[_ALGORITHM],
        issuer=settings.TOKEN_ISSUER,
        audience=settings.TOKEN_AUDIENCE,
        leeway=_LEEWAY_S,
        options={"require": _REQUIRED, "strict_aud": True},
    )
    if claims["typ"] != "access" or claims["role"] not in _ROLES:
        raise AuthenticationFailed
    if type(claims["exp"]) is not int or type(claims["iat"]) is not int:
        raise AuthenticationFailed
    if str(UUID(claims["sub"])) != claims["sub"] or not isinstance(claims["sid"], str):
        raise AuthenticationFailed
    return claims
