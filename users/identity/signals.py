"""What follows from what allauth and Django do."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import (
    email_confirmed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from users.identity.lifecycle import user_activate
from users.identity.models import LoginEvent, TokenFamily, User
from users.identity.selectors import sign_in_candidate
from users.identity.token_strategy import family_of
from users.identity.tokens import user_families_end
from users.identity.trail import login_event_add, origin_of

_TYPE = LoginEvent.Type


def _tell(
    request: HttpRequest | None, user: User, event: LoginEvent.Type, detail: str = ""
) -> None:
    login_event_add(
        type=event, user_id=user.pk, origin=origin_of(request), at=timezone.now(), detail=detail
    )


@receiver(email_confirmed)
def on_email_confirmed(request: HttpRequest, email_address: EmailAddress, **_: Any) -> None:
    """A verified address makes a pending user an active one."""
    user_activate(
        user_id=email_address.user_id,
        at=timezone.now(),
        correlation_id=request.request_id,  # type: ignore[attr-defined]  # RequestIdMiddleware's
    )


@receiver(user_logged_in)
def on_signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    """Through the API or into the console, with every step that it took."""
    _tell(request, user, _TYPE.SIGNED_IN)


@receiver(user_logged_out)
def on_signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    """A request to sign out may come from nobody."""
    if user is not None:
        _tell(request, user, _TYPE.SIGNED_OUT)


@receiver(user_login_failed)
def on_sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None, **_: Any) -> None:
    """The same work for an address that somebody has and for one that nobody has."""
    address = str(credentials.get("email") or credentials.get("username") or "").lower()
    user = sign_in_candidate(address=address)
    signed_in = request is not None and request.user.is_authenticated
    login_event_add(
        type=_TYPE.SIGN_IN_FAILED,
        user_id=user.pk if user else None,
        origin=origin_of(request),
        at=timezone.now(),
        detail="reauthentication" if signed_in else "",
        address=address,
    )


@receiver([password_changed, password_set])
def on_password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    """Every other sign-in is over."""
    with transaction.atomic():
        _tell(request, user, _TYPE.PASSWORD_CHANGED)
        _sign_ins_end(user, but=request)


@receiver(password_reset)
def on_password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    """Every sign-in is over."""
    with transaction.atomic():
        _tell(request, user, _TYPE.PASSWORD_RESET)
        _sign_ins_end(user)


def _sign_ins_end(user: User, *, but: HttpRequest | None = None) -> None:
    user_families_end(
        user_id=user.pk,
        reason=TokenFamily.EndReason.PASSWORD,
        at=timezone.now(),
        but=family_of(but) if but else None,
    )


@receiver(mfa.authenticator_used)
def on_code_accepted(
    request: HttpRequest, user: User, authenticator: Authenticator, **options: Any
) -> None:
    """When signing in, or shown again by who is signed in."""
    detail = f"{authenticator.type} again" if options["reauthenticated"] else authenticator.type
    _tell(request, user, _TYPE.MFA_PASSED, detail)


@receiver(mfa.authentication_failed)
def on_code_refused(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """A wrong code, or one that was used before."""
    _tell(request, user, _TYPE.MFA_FAILED, authenticator.type)


@receiver(mfa.authenticator_added)
def on_authenticator_added(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """An authenticator, and the recovery codes that come with the first one."""
    _tell(request, user, _TYPE.MFA_ADDED, authenticator.type)


@receiver(mfa.authenticator_removed)
def on_authenticator_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    """By its owner; staff do it by `mfa_reset`."""
    _tell(request, user, _TYPE.MFA_REMOVED, authenticator.type)


@receiver(mfa.authenticator_reset)
def on_recovery_codes_made(request: HttpRequest, user: User, **_: Any) -> None:
    """The earlier ones are worth nothing any more."""
    _tell(request, user, _TYPE.RECOVERY_CODES_MADE)
