"""What a browser may do with our pages: nothing, but for the consoles and the API pages."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# The pages of the API description load their own scripts and styles; swagger-ui writes style
# elements, draws with data: images and calls the API that it shows.
_API_PAGES = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# Alpine, which the console's theme is built on, compiles the expressions in its markup
# ('unsafe-eval'), and the theme writes style elements and attributes: docs/decisions/0025.
_CONSOLE = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

# A sign-on leads from one console's form to the other console and back, and browsers hold each of
# these steps against the page that the form was on.
_SIGN_IN = "/admin/login/"


class SecurityHeadersMiddleware:
    """
    Sets the Content-Security-Policy of every answer, by its path.

    A view that sets a policy of its own keeps it. `nosniff` and the referrer policy are
    Django's own (`SecurityMiddleware`); HSTS belongs to whoever terminates TLS.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy(request.path))
        return response


def policy(path: str) -> str:
    """The Content-Security-Policy for one path."""
    if path == _SIGN_IN and settings.TWIN_CONSOLE_URL:
        return _CONSOLE.replace("form-action 'self'", f"form-action 'self' {_twin_origin()}")
    if path.startswith("/admin/"):
        return _CONSOLE
    if path.endswith("/docs") or "/docs/" in path:
        return _API_PAGES
    return _NOTHING


def _twin_origin() -> str:
    parts = urlsplit(settings.TWIN_CONSOLE_URL)
    return f"{parts.scheme}://{parts.netloc}"
