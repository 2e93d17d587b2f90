"""
Access tokens: RS256, verified by every service itself; identity headers are never trusted.

The rules are those of RFC 8725: one algorithm, keys from our own list by `kid` only, issuer,
audience, type and life checked. A header with any other member is refused, as is anything that
our own loader would not take as JSON, and every spelling of a token but the one it was given.
"""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from jwt.utils import base64url_decode, base64url_encode
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.api.token_keys import token_keys
from common.api.verified_tokens import Verified, VerifiedTokens
from common.strict_json import strict_json_loads

_ALGORITHM = "RS256"
_LEEWAY_S = 5
_TOKEN_MAX = 4096
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti", "sid", "role", "typ"]
_SCHEME = b"Bearer"
_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_HEADER = {"alg", "kid", "typ"}
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
    """
    `Authorization: Bearer …`; no header means anonymous, a bad token means 401.

    The scheme is written as the gateway wants it, which takes no other capitals or spaces.
    """

    def authenticate(self, request: Request) -> tuple[Principal, str] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme != _SCHEME:
            return None
        text = token.decode("ascii", "replace")
        return token_verify(text), text

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
    if len(token) > _TOKEN_MAX or not _FORM.fullmatch(token):
        raise AuthenticationFailed
    try:
        verified = _verify(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise AuthenticationFailed from None
    _verified.keep(token, verified)
    return verified.principal


_verified: VerifiedTokens[Principal] = VerifiedTokens()


def _verify(token: str) -> Verified[Principal]:
    header, payload, signature = token.split(".")
    kid, key = _key(_document(header))
    # Bits that belong to no byte could be anything, and the signature would still be good.
    if base64url_encode(base64url_decode(signature)).decode() != signature:
        raise AuthenticationFailed
    jwt.decode(
        token,
        key=key,
        algorithms=[_ALGORITHM],
        issuer=settings.TOKEN_ISSUER,
        audience=settings.TOKEN_AUDIENCE,
        leeway=_LEEWAY_S,
        options={"require": _REQUIRED, "strict_aud": True},
    )
    # Read again by our own loader: PyJWT's takes the last of two equal claims.
    claims = _document(payload)
    if claims["typ"] != "access" or claims["role"] not in _ROLES:
        raise AuthenticationFailed
    if type(claims["exp"]) is not int or type(claims["iat"]) is not int:
        raise AuthenticationFailed
    if str(UUID(claims["sub"])) != claims["sub"] or not isinstance(claims["sid"], str):
        raise AuthenticationFailed
    principal = Principal(
        user_id=UUID(claims["sub"]), role=str(claims["role"]), session_id=claims["sid"]
    )
    return Verified(principal, kid=kid, key=key, good_until=claims["exp"] + _LEEWAY_S)


def _document(part: str) -> dict[str, Any]:
    """A part of the token, which is an object of strict JSON."""
    document = strict_json_loads(base64url_decode(part), size_max=_TOKEN_MAX)
    if not isinstance(document, dict):
        raise AuthenticationFailed
    return document


def _key(header: dict[str, Any]) -> tuple[str, Any]:
    """The key that a header names, and its name."""
    kid = header.get("kid")
    if header.get("alg") != _ALGORITHM or not isinstance(kid, str):
        raise AuthenticationFailed
    if header.keys() - _HEADER or header.get("typ", "JWT") != "JWT":
        raise AuthenticationFailed
    key = token_keys().find(kid)
    if key is None:
        raise AuthenticationFailed
    return kid, key
