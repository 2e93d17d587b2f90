"""What becomes of somebody who comes back from the users console."""

from typing import Any, NoReturn

import msgspec
import requests
import structlog
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from common.internal.contracts import StaffTold
from common.staff.actions import address_of
from common.staff.sign_on import SECOND_FACTOR
from transactions.sign_on.accounts import Occasion, account_follow
from transactions.sign_on.errors import SignOnRefused
from transactions.sign_on.provider import PROVIDER, IdToken
from transactions.sign_on.renewal import sign_on_begins

log = structlog.get_logger(__name__)

AWAY = "The users console does not answer. Sign in with an account of this console, below."
_FAILED = "Signing in with the users console did not work. Please try again."
_REFUSED = "The users console has no role for you, so there is nothing for you here."
_NO_SECOND_FACTOR = "The users console asks for no second factor, and this one does."
_LOCKED = "Your account is locked out of this console."


class SignOnAdapter(DefaultSocialAccountAdapter):
    """
    Lets staff in themselves, and leaves allauth's flows for strangers aside.

    Those would look for accounts by address, ask for a second factor that the users console has
    seen already, and lead to pages that do not exist here.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> NoReturn:
        claims = sociallogin.account.extra_data["id_token"]
        try:
            _check(claims, nonce=(sociallogin.state.get("data") or {}).get("nonce", ""))
            _enter(request, msgspec.convert(claims, StaffTold))
        except SignOnRefused as error:
            _back_to_login(request, str(error))
        except msgspec.ValidationError:
            _back_to_login(request, _REFUSED)  # what is said of somebody who is staff no more
        next_url = sociallogin.get_redirect_url(request) or reverse("admin:index")
        raise ImmediateHttpResponse(HttpResponseRedirect(next_url))

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,  # noqa: ARG002  allauth's signature
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> NoReturn:
        log.warning("sign_on_failed", error=error, exception=str(exception or "")[:200])
        if error == AuthError.CANCELLED:
            _back_to_login(request, _REFUSED)
        away = isinstance(exception, requests.RequestException)
        _back_to_login(request, AWAY if away else _FAILED)

    def get_requests_session(self) -> requests.Session:
        """Straight to the users service: no proxy of the machine has a part in this."""
        session: requests.Session = super().get_requests_session()
        session.trust_env = False
        return session


def _check(claims: dict[str, Any], *, nonce: str) -> None:
    """Raise `SignOnRefused` unless this token is for this browser, and good enough for us."""
    said = msgspec.convert(claims, IdToken)
    if not nonce or not constant_time_compare(said.nonce, nonce):
        raise SignOnRefused(_FAILED)
    if settings.STAFF_MFA_REQUIRED and SECOND_FACTOR not in said.amr:
        raise SignOnRefused(_NO_SECOND_FACTOR)


def _enter(request: HttpRequest, told: StaffTold) -> None:
    user = account_follow(
        told,
        Occasion(
            action="staff.sign_on",
            reason="Signed in with the users console",
            always_recorded=True,
            request_id=getattr(request, "request_id", ""),
            ip=address_of(request),
        ),
    )
    if not user.is_staff:
        raise SignOnRefused(_REFUSED)
    if not user.is_active:
        raise SignOnRefused(_LOCKED)
    if request.user.is_authenticated:
        logout(request)
    _session_begins(request, user, told)


def _session_begins(request: HttpRequest, user: User, told: StaffTold) -> None:
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    # `login` empties a session that was somebody else's, so these come after it.
    record_authentication(request, user, SECOND_FACTOR, provider=PROVIDER)
    sign_on_begins(request, told)


def _back_to_login(request: HttpRequest, why: str) -> NoReturn:
    messages.error(request, why)
    raise ImmediateHttpResponse(HttpResponseRedirect(reverse("admin:login")))
