"""
The two ends of a sign-on: a code for a browser, and a token for the console that shows the code.

allauth's views do the work; what they would take beyond our one client is refused before them.
"""

import re
from http import HTTPStatus
from typing import Any

from allauth.idp.oidc.models import Client
from allauth.idp.oidc.views import AuthorizationView, TokenView
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from common.console_refusals import RefusedInWords, Words
from common.staff.sign_in import console_allows
from common.staff.sign_on import CLIENT_ID, SCOPE
from users.identity.models import LoginEvent
from users.identity.trail import login_event_add, origin_of
from users.sign_on.client import redirect_uri
from users.sign_on.standing import staff_told

_OPAQUE = re.compile(r"[A-Za-z0-9._~-]{16,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256, as RFC 7636 writes it
_PRINTABLE = re.compile(r"[!-~]{1,256}")
_EXCHANGED = {"grant_type", "code", "redirect_uri", "code_verifier"}


class AuthorizeView(AuthorizationView):
    """
    Gives somebody who is in the console a code for the other one.

    Who is not in signs in first, under every rule of the console: second factor, limits of time.
    allauth leaves PKCE and nonce to the client; here both must be there.
    """

    http_method_names = ("get",)

    def get(self, request: Any) -> HttpResponseBase:
        if not settings.TWIN_CONSOLE_URL:
            raise Http404
        if not console_allows(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        if wrong := _wrong_members(request):
            raise RefusedInWords(_no_sign_on_of_ours(wrong))
        if staff_told(request.user) is None:
            return _refuse(request)
        with transaction.atomic():
            answer: HttpResponse = super().get(request)
            login_event_add(
                type=LoginEvent.Type.SIGNED_ON,
                user_id=request.user.pk,
                origin=origin_of(request),
                at=timezone.now(),
                detail=CLIENT_ID,
            )
        return answer


def _wrong_members(request: HttpRequest) -> list[str]:
    """The members of the query that are not as our client sends them, or twice there."""
    fixed = {
        "client_id": CLIENT_ID,
        "redirect_uri": redirect_uri(settings.TWIN_CONSOLE_URL),
        "response_type": "code",
        "scope": SCOPE,
        "code_challenge_method": "S256",
    }
    forms = {name: re.compile(re.escape(value)) for name, value in fixed.items()}
    forms |= {"state": _OPAQUE, "nonce": _OPAQUE, "code_challenge": _CHALLENGE}
    given = dict(request.GET.lists())
    right = {
        name
        for name, form in forms.items()
        if len(given.get(name, ())) == 1 and form.fullmatch(given[name][0])
    }
    unknown = ["something else"] if given.keys() - forms.keys() else []
    return sorted(forms.keys() - right) + unknown


def _no_sign_on_of_ours(wrong: list[str]) -> Words:
    return Words(
        "This is no sign-on of ours",
        "You were not signed in anywhere. The console of transactions does not ask like this: the"
        " address was typed, or changed on the way, or is of an old page. Begin there again; if"
        f" this page comes back, tell an operator what is wrong with it: {', '.join(wrong)}.",
        "Back to the console of transactions",
        f"{settings.TWIN_CONSOLE_URL}/admin/",
    )


def _refuse(request: HttpRequest) -> HttpResponseRedirect:
    """Send somebody without a role back, as RFC 6749 says it (section 4.1.2.1)."""
    query = urlencode({"error": "access_denied", "state": request.GET["state"]})
    return HttpResponseRedirect(f"{request.GET['redirect_uri']}?{query}")


class ExchangeView(TokenView):
    """Takes a code once, from the console that it was given to."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        given = dict(request.POST.lists())
        as_agreed = given.keys() == _EXCHANGED and all(
            len(values) == 1 and _PRINTABLE.fullmatch(values[0]) for values in given.values()
        )
        if not as_agreed or request.POST["grant_type"] != Client.GrantType.AUTHORIZATION_CODE:
            return JsonResponse({"error": "invalid_request"}, status=HTTPStatus.BAD_REQUEST)
        with transaction.atomic():
            if not _alone_with(request.POST["code"]):
                return JsonResponse({"error": "invalid_grant"}, status=HTTPStatus.BAD_REQUEST)
            return super().post(request)


def _alone_with(code: str) -> bool:
    """
    Whether nobody else shows this code at this moment; nobody else may until we have committed.

    allauth looks a code up in the cache and deletes it afterwards, so two at once would both find
    it. The cache is a table of this database: what the first one deletes, later ones miss.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [code])
        return bool(cursor.fetchone()[0])
