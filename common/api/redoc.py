"""The page of the API description to read: Redoc, without what it asks of another host."""

from functools import cache
from importlib.resources import files

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularRedocView

_SCRIPT = "static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
_LOGO_ELSEWHERE = "https://cdn.redoc.ly/redoc/logo-mini.svg"
_NO_LOGO = "data:,"
"""No picture, which Redoc leaves out. There is no option for that."""
_CACHE_S = 3600


class RedocView(SpectacularRedocView):
    """drf-spectacular's page with our script."""

    @staticmethod
    def _redoc_standalone() -> str:
        return reverse("redoc-script")


@require_safe
def redoc_script(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Redoc as its package has it, but for the logo."""
    return HttpResponse(
        _script(),
        content_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": f"public, max-age={_CACHE_S}"},
    )


@cache
def _script() -> bytes:
    script = files("drf_spectacular_sidecar").joinpath(_SCRIPT).read_text("utf-8")
    return script.replace(_LOGO_ELSEWHERE, _NO_LOGO).encode()
