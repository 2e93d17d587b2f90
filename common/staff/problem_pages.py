"""What a console answers when it refuses a request: a page in its own looks, and in words."""

from typing import NamedTuple

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from common.api import problems

_CONSOLE = "/admin/"


class _Words(NamedTuple):
    title: str
    text: str
    remedy: str


_OF_STATUS = {
    400: _Words(
        "The console cannot read this address",
        "A filter or a page in it does not exist: it was typed, or is of an old link.",
        "Without filters",
    ),
    403: _Words(
        "This is not for your role",
        "Nothing was changed. What each role may do is in docs/staff.md; a superuser assigns them.",
        "",
    ),
    404: _Words("There is no such page", "It may never have been, or is gone by now.", ""),
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return _page(request, 400) or problems.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _page(request, 403) or problems.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return _page(request, 404) or problems.page_not_found(request, exception)


def _page(request: HttpRequest, status: int) -> HttpResponse | None:
    """The page for who is in a console; None for everybody else."""
    known = hasattr(request, "user")  # what is refused very early is nobody's yet
    if not (known and request.path.startswith(_CONSOLE) and admin.site.has_permission(request)):
        return None
    request.current_app = admin.site.name
    words = _OF_STATUS[status]
    context = {**admin.site.each_context(request), **words._asdict()}
    return TemplateResponse(request, "staff/problem.html", context, status=status).render()
