"""
How long a sign-in to a console lasts: so long at most, and not after nobody has used it.

Both times are kept in the session, on the server. Sessions of the API are none of this module's
business until they are shown to a console, which takes none that does not say when it began.
"""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

_CONSOLE = "/admin/"  # looked up by name it would cost every request of the API something
_BEGAN_AT = "staff_began_at"
_SEEN_AT = "staff_seen_at"
_NOTED_EVERY_S = 60
_SHARE_NOTED = 10
"""A session is written at most once a minute, and ten times in the time that it may rest."""


@receiver(user_logged_in)
def on_signed_in(request: HttpRequest, user: Any, **_: Any) -> None:
    """Begin to count for staff."""
    if user.is_staff:
        request.session[_BEGAN_AT] = request.session[_SEEN_AT] = int(time.time())


class SessionLimitMiddleware:
    """
    Ends sign-ins to the console that are too old or were not used, and says why.

    A rest is measured from what was last noted, so it may end a sign-in up to a minute early.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(_CONSOLE) and request.user.is_authenticated:
            now = int(time.time())
            if reason := _reason_to_end(request, now=now):
                return sign_in_end(request, reason)
            _note(request, now=now)
        return self._get_response(request)


def _reason_to_end(request: HttpRequest, *, now: int) -> str:
    began_at, seen_at = request.session.get(_BEGAN_AT), request.session.get(_SEEN_AT)
    if not isinstance(began_at, int) or not isinstance(seen_at, int):
        return "this sign-in is none to a console"
    if now - began_at >= settings.STAFF_SESSION_MAX_S:
        return f"a sign-in lasts {_in_words(settings.STAFF_SESSION_MAX_S)} at most"
    if now - seen_at >= settings.STAFF_IDLE_S:
        return f"nothing was asked for {_in_words(settings.STAFF_IDLE_S)}"
    return ""


def _note(request: HttpRequest, *, now: int) -> None:
    every_s = min(_NOTED_EVERY_S, settings.STAFF_IDLE_S // _SHARE_NOTED)
    if now - request.session[_SEEN_AT] >= every_s:
        request.session[_SEEN_AT] = now


def sign_in_end(request: HttpRequest, reason: str) -> HttpResponseBase:
    """Sign somebody out of the console in the place of what they asked, and say why."""
    asked_to_look = request.method in {"GET", "HEAD"}
    lost = "" if asked_to_look else " What you sent was not done."
    back_to = request.get_full_path() if asked_to_look else reverse("admin:index")
    logout(request)
    messages.warning(request, f"You were signed out: {reason}.{lost}")
    return redirect_to_login(back_to, reverse("admin:login"))


def _in_words(seconds: int) -> str:
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}".removesuffix("s" if seconds == size else "")
    return f"{seconds} seconds"
