"""
A sign-on holds for as long as the users console says so, and is asked about while it is used.

So whoever is suspended, demoted or signed out everywhere over there is out of this console within
`STAFF_SIGN_ON_CHECK_S`, and a change of their roles holds within it. While users does not answer
they stay in, for `STAFF_SIGN_ON_AWAY_S` since it last did and no longer.
"""

import time
from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html

from common.internal.client import PeerAway, peer_ask
from common.internal.contracts import StaffPage, StaffTold
from common.staff.actions import address_of
from common.staff.session_limits import sign_in_end
from transactions.sign_on.accounts import Occasion, account_follow

log = structlog.get_logger(__name__)

_CONSOLE = "/admin/"
_LOGOUT = "/admin/logout/"
_SIGN_ON = "signed_on"
_PATIENCE_S = 2.0
"""Somebody waits for their page meanwhile."""
_RETRY_S = 10
"""While users is away, only every so many seconds does a page wait for it."""
_OVER = "your sign-in by the users console is over"
_AWAY = "the users console has not answered for too long"


def sign_on_begins(request: HttpRequest, told: StaffTold) -> None:
    """Note what a session that has just begun lives by."""
    now = int(time.time())
    request.session[_SIGN_ON] = {
        "sub": str(told.sub),
        "stamp": told.stamp,
        "checked_at": now,
        "tried_at": now,
    }


def signed_on(request: HttpRequest) -> bool:
    """Whether this session came by the users console."""
    return _SIGN_ON in request.session


def users_console_answers() -> bool:
    """Whether it would vouch for anybody now."""
    try:
        peer_ask("staff", [], StaffPage, read_s=_PATIENCE_S)
    except PeerAway as error:
        log.warning("users_console_away", error=str(error))
        return False
    return True


class SignOnMiddleware:
    """
    Asks about a sign-on that has not been asked about for a while, and ends what is over.

    Whoever signs out is told that the other console still knows them: the next sign-on from this
    browser would ask for nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(_CONSOLE) and signed_on(request):
            if reason := _reason_to_end(request, now=int(time.time())):
                return sign_in_end(request, reason)
            if request.path == _LOGOUT and request.method == "POST":
                _tell_of_the_other(request)
        return self._get_response(request)


def _reason_to_end(request: HttpRequest, *, now: int) -> str:
    known = request.session[_SIGN_ON]
    if now - known["checked_at"] < settings.STAFF_SIGN_ON_CHECK_S:
        return ""
    if now - known["tried_at"] >= min(_RETRY_S, settings.STAFF_SIGN_ON_CHECK_S):
        known["tried_at"] = now
        request.session.modified = True
        try:
            told = _ask(UUID(known["sub"]))
        except PeerAway as error:
            log.warning("users_console_away", error=str(error))
        else:
            known["checked_at"] = now
            return "" if _holds(request, told, known["stamp"]) else _OVER
    return _AWAY if now - known["checked_at"] >= settings.STAFF_SIGN_ON_AWAY_S else ""


def _ask(sub: UUID) -> StaffTold | None:
    told = peer_ask("staff", [sub], StaffPage, read_s=_PATIENCE_S).data
    return next((one for one in told if one.sub == sub), None)


def _holds(request: HttpRequest, told: StaffTold | None, stamp: str) -> bool:
    if told is None or told.stamp != stamp:
        return False
    occasion = Occasion(
        action="staff.roles_followed",
        reason="Roles changed in the users console",
        always_recorded=False,
        request_id=getattr(request, "request_id", ""),
        ip=address_of(request),
    )
    return account_follow(told, occasion).is_staff


def _tell_of_the_other(request: HttpRequest) -> None:
    messages.info(
        request,
        format_html(
            "You are signed out of this console, and still signed in to"
            ' <a href="{}/admin/" class="underline">the users console</a>.'
            " Sign out there, too, where others use this browser.",
            settings.TWIN_CONSOLE_URL,
        ),
    )
