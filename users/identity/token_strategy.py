"""How allauth's app client gets our tokens: the session token stays allauth's own."""

from typing import Any
from uuid import UUID

from allauth.core import context
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from common.api.authentication import token_verify
from common.staff.second_factor import second_factor_missing
from users.identity.models import TokenFamily, User
from users.identity.sign_ins import session_get
from users.identity.tokens import Tokens, tokens_open, tokens_refresh
from users.identity.trail import origin_of

_FAMILY = "token_family"
_OPENED = "opened_tokens"
_BEARER = "bearer "


class FamilyTokenStrategy(AbstractTokenStrategy):
    """
    One family of tokens per sign-in.

    The client names its session by `X-Session-Token`, or by an access token of it.
    """

    def get_session_token(self, request: HttpRequest) -> str | None:
        token: str | None = super().get_session_token(request)
        return token or _session_key_of(request.headers.get("Authorization", ""))

    def create_session_token(self, request: HttpRequest) -> str:
        if not request.session.session_key:
            request.session.save()
        key = request.session.session_key
        if key is None:
            raise RuntimeError("a saved session has a key")
        # Changing the password gives the session another key; its tokens stay good.
        if family := family_of(request):
            TokenFamily.objects.filter(id=family).update(session_key=key)
        return key

    def lookup_session(self, session_token: str) -> SessionBase | None:
        return session_get(session_key=session_token)

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        user = request.user
        if not isinstance(user, User) or not user.is_active or second_factor_missing(user):
            # Staff without a second factor have a session, which is enough to set one up.
            return None
        # allauth builds the answer to a second step twice, and asks for tokens each time.
        opened: Tokens | None = getattr(request, _OPENED, None)
        if opened is None:
            opened = tokens_open(
                user=user,
                session_key=self.create_session_token(request),
                at=timezone.now(),
                origin=origin_of(request),
            )
            setattr(request, _OPENED, opened)
            request.session[_FAMILY] = str(opened.session_id)
        return {"access_token": opened.access, "refresh_token": opened.refresh}

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        origin = origin_of(context.request)
        tokens = tokens_refresh(token=refresh_token, at=timezone.now(), origin=origin)
        return (tokens.access, tokens.refresh) if tokens else None


def family_of(request: HttpRequest) -> UUID | None:
    """The family of tokens that a request's session has; None before it has any."""
    family = request.session.get(_FAMILY)
    return UUID(family) if family else None


def _session_key_of(authorization: str) -> str | None:
    if not authorization.lower().startswith(_BEARER):
        return None
    try:
        principal = token_verify(authorization[len(_BEARER) :].strip())
        family = TokenFamily.objects.filter(id=UUID(principal.session_id)).first()
    except (AuthenticationFailed, ValueError):
        return None
    # Unlike a token that nobody signed, one whose sign-in is over names a session: a dead one.
    return family.session_key if family else None
