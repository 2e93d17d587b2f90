"""Every route of the users service."""

from typing import NoReturn

from allauth.headless.account.views import ManageEmailView
from allauth.headless.constants import Client
from django.contrib import admin
from django.db import transaction
from django.http import Http404, HttpRequest
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularSwaggerSplitView

from common.api import event_pages, health
from common.api.describing import DescriptionApi
from common.api.redoc import RedocView, redoc_script
from common.reconciliation import urls as internal
from common.staff.sign_on import AUTHORIZE_PATH, TOKEN_PATH
from users.identity.api import CloseApi, ProfileApi
from users.identity.jwks import discovery, jwks
from users.identity.mfa_views import AuthenticateView, ReauthenticateView, TotpView
from users.identity.session_views import SessionsView
from users.identity.sign_up import EvenSignupView
from users.ledger_seals.internal_api import KeptSealsApi
from users.sign_on.internal_api import StaffQueryApi
from users.sign_on.views import AuthorizeView, ExchangeView
from users.submissions.api import TransactionApi, TransactionsApi
from users.submissions.batch_api import BatchApi
from users.submissions.command_api import CaptureApi, CommandApi, ReverseApi, VoidApi
from users.submissions.events_api import EventsApi
from users.submissions.internal_api import AnnouncedQueryApi, RequestsApi, RequestsQueryApi

_TRANSACTION = "api/v1/transactions/<uuid:transaction_id>"


@csrf_exempt
def not_found(request: HttpRequest) -> NoReturn:  # noqa: ARG001  Django's signature
    """A route of a package that we do not offer."""
    raise Http404


urlpatterns = [
    path("api/v1/users/me", ProfileApi.as_view(), name="profile"),
    path("api/v1/users/me/close", CloseApi.as_view(), name="profile-close"),
    path("api/v1/transactions", TransactionsApi.as_view(), name="transactions"),
    path("api/v1/transactions/batch", BatchApi.as_view(), name="transactions-batch"),
    path(_TRANSACTION, TransactionApi.as_view(), name="transaction"),
    path(f"{_TRANSACTION}/events", EventsApi.as_view(), name="transaction-events"),
    path(f"{_TRANSACTION}/capture", CaptureApi.as_view(), name="capture"),
    path(f"{_TRANSACTION}/void", VoidApi.as_view(), name="void"),
    path(f"{_TRANSACTION}/reverse", ReverseApi.as_view(), name="reverse"),
    path(f"{_TRANSACTION}/commands/<uuid:command_id>", CommandApi.as_view(), name="command"),
    # allauth routes phone numbers even where nobody can have one, and then fails.
    re_path(r"^_allauth/app/v1/(?:account|auth)/phone", not_found),
    # And what takes a code by mail, where no mail has one.
    re_path(r"^_allauth/app/v1/auth/(?:code/confirm|email/verify/resend)$", not_found),
    # allauth moves addresses by several writes; what is refused half-way must not stay.
    path(
        "_allauth/app/v1/account/email",
        transaction.atomic(ManageEmailView.as_api_view(client=Client.APP)),
    ),
    # Ours in the place of allauth's: even in time, codes that work once, families of tokens.
    path("_allauth/app/v1/auth/signup", EvenSignupView.as_api_view(client=Client.APP)),
    path("_allauth/app/v1/auth/2fa/authenticate", AuthenticateView.as_api_view(client=Client.APP)),
    path(
        "_allauth/app/v1/auth/2fa/reauthenticate",
        ReauthenticateView.as_api_view(client=Client.APP),
    ),
    path("_allauth/app/v1/account/authenticators/totp", TotpView.as_api_view(client=Client.APP)),
    path("_allauth/app/v1/auth/sessions", SessionsView.as_api_view(client=Client.APP)),
    path("_allauth/", include("allauth.headless.urls")),
    path(".well-known/jwks.json", jwks, name="jwks"),
    path(".well-known/openid-configuration", discovery, name="openid-configuration"),
    path("users/schema", DescriptionApi.as_view(), name="schema"),
    path("users/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("users/docs/redoc", RedocView.as_view(url_name="schema"), name="redoc"),
    path("users/docs/redoc-script", redoc_script, name="redoc-script"),
    path("users/schema/events", event_pages.events_document, name="events-document"),
    path("users/docs/events", event_pages.events_page, name="events"),
    path("internal/v1/", include(internal)),
    path("internal/v1/requests", RequestsApi.as_view(), name="internal-requests"),
    path("internal/v1/requests/query", RequestsQueryApi.as_view(), name="internal-requests-query"),
    path(
        "internal/v1/announced/query", AnnouncedQueryApi.as_view(), name="internal-announced-query"
    ),
    path("internal/v1/kept-seals", KeptSealsApi.as_view(), name="internal-kept-seals"),
    path("internal/v1/staff/query", StaffQueryApi.as_view(), name="internal-staff-query"),
    path(AUTHORIZE_PATH[1:], AuthorizeView.as_view(), name="sign-on-authorize"),
    path(TOKEN_PATH[1:], ExchangeView.as_view(), name="sign-on-token"),
    path("admin/", admin.site.urls),
    *health.urlpatterns,
]

handler400 = "common.staff.problem_pages.bad_request"
handler403 = "common.staff.problem_pages.permission_denied"
handler404 = "common.staff.problem_pages.page_not_found"
handler500 = "common.staff.problem_pages.server_error"
