"""Internal routes that both services have, below `/internal/v1/`."""

from django.urls import path

from common.reconciliation import api

urlpatterns = [
    path("streams", api.StreamsApi.as_view(), name="internal-streams"),
    path("streams/query", api.StreamsQueryApi.as_view(), name="internal-streams-query"),
]
