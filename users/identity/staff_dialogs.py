"""What staff do to people from the console, each by the service that the API and commands use."""

from typing import Any

from allauth.mfa.models import Authenticator

from common.staff.dialogs import Ask, Dialog
from users.identity.errors import StaffAccountProtected
from users.identity.lifecycle import By, user_close_request, user_reinstate, user_suspend
from users.identity.mfa_reset import mfa_reset
from users.identity.models import User
from users.identity.sessions import sessions_end
from users.identity.trail import Origin

_STATUS = User.Status
_OUT_AT_ONCE = "Every session of theirs ends at once; access tokens that are out live for minutes."


def _by(ask: Ask) -> By:
    return By(
        actor=ask.staff.actor,
        at=ask.at,
        correlation_id=ask.staff.request_id,
        reason=ask.reason,
        traceparent=ask.staff.traceparent,
    )


def _protect_staff(user: User, ask: Ask) -> None:
    """Keep staff from locking out those who watch over them, and from easing their own way in."""
    if str(user.pk) == ask.staff.id:
        raise StaffAccountProtected("Nobody does this to their own account; ask a colleague.")
    if user.is_staff and not ask.staff.superuser:
        raise StaffAccountProtected


def _suspend(user: User, ask: Ask) -> str:
    _protect_staff(user, ask)
    user_suspend(user_id=user.id, by=_by(ask))
    return f"{user.email} is suspended."


def _reinstate(user: User, ask: Ask) -> str:
    _protect_staff(user, ask)
    user_reinstate(user_id=user.id, by=_by(ask))
    return f"{user.email} is active again."


def _close(user: User, ask: Ask) -> str:
    _protect_staff(user, ask)
    user_close_request(user_id=user.id, by=_by(ask))
    return f"The ledger is asked to close {user.email}."


def _sessions_end(user: User, ask: Ask) -> str:
    _protect_staff(user, ask)
    sessions_end(
        user_id=user.id,
        ids=None,
        origin=Origin(request_id=ask.staff.request_id),
        at=ask.at,
        actor=ask.staff.actor,
        reason=ask.reason,
    )
    return f"Every session of {user.email} is over."


def _mfa_reset(user: User, ask: Ask) -> str:
    _protect_staff(user, ask)
    mfa_reset(
        user=user,
        actor=ask.staff.actor,
        reason=ask.reason,
        at=ask.at,
        correlation_id=ask.staff.request_id,
    )
    return f"The second factor of {user.email} is removed."


def _status(user: User) -> dict[str, Any]:
    return {"status": user.status}


def _sign_in(user: User) -> dict[str, Any]:
    return {
        "authenticators": Authenticator.objects.filter(user_id=user.pk).count(),
        "sessions_epoch": user.sessions_epoch,
    }


SUSPEND = Dialog[User](
    action="user.suspend",
    label="Suspend",
    permission="identity.suspend_user",
    tells=lambda _: (
        "New requests of theirs are refused from now on, and they cannot sign in.",
        _OUT_AT_ONCE,
        "What was accepted before goes on, and they still receive money.",
    ),
    act=_suspend,
    state=_status,
    fits=lambda user: user.status == _STATUS.ACTIVE,
    icon="block",
    dangerous=True,
)
REINSTATE = Dialog[User](
    action="user.reinstate",
    label="Reinstate",
    permission="identity.reinstate_user",
    tells=lambda _: (
        "They may sign in and make transactions again.",
        "No session comes back: they sign in anew.",
    ),
    act=_reinstate,
    state=_status,
    fits=lambda user: user.status == _STATUS.SUSPENDED,
    icon="undo",
)
CLOSE = Dialog[User](
    action="user.close",
    label="Close",
    permission="identity.close_user",
    tells=lambda _: (
        "The ledger closes all their wallets, if they are empty, free of holds and not frozen.",
        "Who is closed is closed for good.",
        "If the ledger refuses, they are again what they are now.",
        _OUT_AT_ONCE,
    ),
    act=_close,
    state=_status,
    fits=lambda user: (
        user.status in (_STATUS.PENDING_VERIFICATION, _STATUS.ACTIVE, _STATUS.SUSPENDED)
    ),
    icon="person_off",
    dangerous=True,
)
SESSIONS_END = Dialog[User](
    action="user.end_sessions",
    label="End sessions",
    permission="identity.end_user_sessions",
    tells=lambda _: (_OUT_AT_ONCE, "They may sign in again."),
    act=_sessions_end,
    state=lambda user: {"sessions_epoch": user.sessions_epoch},
    icon="logout",
)
MFA_RESET = Dialog[User](
    action="user.reset_mfa",
    label="Reset second factor",
    permission="identity.reset_user_mfa",
    tells=lambda _: (
        "Their authenticator and their recovery codes are removed.",
        "Their password alone lets them in until they set up another one.",
        _OUT_AT_ONCE,
        "They are told by mail.",
    ),
    act=_mfa_reset,
    state=_sign_in,
    icon="lock_reset",
    dangerous=True,
)
