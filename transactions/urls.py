"""Every route of the transactions service."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from common.api import health
from transactions.ledger import urls as ledger

handler400 = "common.api.problems.bad_request"
handler403 = "common.api.problems.permission_denied"
handler404 = "common.api.problems.page_not_found"
handler500 = "common.api.problems.server_error"

urlpatterns = [
    path("api/v1/", include(ledger)),
    path("transactions/schema", SpectacularAPIView.as_view(), name="schema"),
    path("transactions/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
    *health.urlpatterns,
]
