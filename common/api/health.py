"""Probes: live means that the process answers, ready that it can work."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path

from common.api.problems import safe_only


@safe_only
def live(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """200 while the process answers at all."""
    return JsonResponse({"live": True})


@safe_only
def ready(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """200 when the database answers; Kafka does not matter for taking requests."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ready": False, "database": "unreachable"}, status=503)
    return JsonResponse({"ready": True})


urlpatterns: list[URLPattern] = [
    path("healthz/live", live, name="health-live"),
    path("healthz/ready", ready, name="health-ready"),
]
