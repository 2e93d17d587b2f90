"""To the users console, and back from it."""

from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from transactions.sign_on.adapter import AWAY
from transactions.sign_on.provider import UsersOAuth2Adapter
from transactions.sign_on.renewal import users_console_answers

_leave = OAuth2LoginView.adapter_view(UsersOAuth2Adapter)
_return = OAuth2CallbackView.adapter_view(UsersOAuth2Adapter)


@require_POST
def start(request: HttpRequest) -> HttpResponseBase:
    """Send a browser to the users console, unless it would find nobody there."""
    if not settings.TWIN_CONSOLE_URL:
        raise Http404
    if not users_console_answers():
        messages.error(request, AWAY)
        query = urlencode({"next": request.POST.get("next", "")})
        return HttpResponseRedirect(f"{reverse('admin:login')}?{query}")
    answer: HttpResponseBase = _leave(request)
    return answer


@require_safe
def callback(request: HttpRequest) -> HttpResponseBase:
    """Let somebody in whom the users console has sent back with a code."""
    if not settings.TWIN_CONSOLE_URL:
        raise Http404
    answer: HttpResponseBase = _return(request)
    return answer
