"""Every route of the transactions service."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from common.api import event_pages, health
from common.api.describing import DescriptionApi
from common.api.redoc import RedocView, redoc_script
from common.reconciliation import urls as internal
from common.staff.sign_on import CALLBACK_PATH
from transactions.ledger import urls as ledger
from transactions.ledger.decisions import DecisionsApi, DecisionsQueryApi
from transactions.sign_on import views

handler400 = "common.staff.problem_pages.bad_request"
handler403 = "common.staff.problem_pages.permission_denied"
handler404 = "common.staff.problem_pages.page_not_found"
handler500 = "common.staff.problem_pages.server_error"

urlpatterns = [
    path("api/v1/", include(ledger)),
    path("transactions/schema", DescriptionApi.as_view(), name="schema"),
    path("transactions/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("transactions/docs/redoc", RedocView.as_view(url_name="schema"), name="redoc"),
    path("transactions/docs/redoc-script", redoc_script, name="redoc-script"),
    path("transactions/schema/events", event_pages.events_document, name="events-document"),
    path("transactions/docs/events", event_pages.events_page, name="events"),
    path("internal/v1/", include(internal)),
    path("internal/v1/decisions", DecisionsApi.as_view(), name="internal-decisions"),
    path(
        "internal/v1/decisions/query", DecisionsQueryApi.as_view(), name="internal-decisions-query"
    ),
    path("admin/sign-on/", views.start, name="sign-on"),
    path(CALLBACK_PATH[1:], views.callback, name="sign-on-callback"),
    path("admin/", admin.site.urls),
    *health.urlpatterns,
]
