"""What a console answers when it refuses a request: a page in its own looks, and in words."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from common.api import problems
from common.console_refusals import RefusedInWords, Words

_CONSOLE = "/admin/"

_OF_STATUS = {
    400: Words(
        "The console cannot read this request",
        "Nothing was changed. No page of the console asks like this: it was typed, or changed on"
        " the way, or is of an old page.",
    ),
    403: Words(
        "This is not for your role",
        "Nothing was changed. What each role may do is in docs/staff.md; a superuser assigns them.",
    ),
    404: Words("There is no such page", "It may never have been, or is gone by now."),
    500: Words(
        "The console could not answer",
        "The database was too busy, or this is a fault of ours, which is in the log under the id"
        " of the request. What you asked for was not done, unless a page says that it was.",
        "Try it again",
    ),
}
_FORM_OF_BEFORE = Words(
    "This form is no longer good",
    "Nothing was changed. Since it was shown, you signed in or out in another window.",
    "Open it again",
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    words = exception.words if isinstance(exception, RefusedInWords) else _OF_STATUS[400]
    return _page(request, 400, words) or problems.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return _page(request, 403, _OF_STATUS[403]) or problems.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return _page(request, 404, _OF_STATUS[404]) or problems.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    try:
        page = _page(request, 500, _OF_STATUS[500])
    except Exception:  # noqa: BLE001  whatever broke the request may break its page, too
        page = None
    return page or problems.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's
    """Django's CSRF_FAILURE_VIEW."""
    return _page(request, 403, _FORM_OF_BEFORE) or problems.problem_response(request, status=403)


def _page(request: HttpRequest, status: int, words: Words) -> HttpResponse | None:
    """The page for who is in a console; None for everybody else."""
    known = hasattr(request, "user")  # what is refused very early is nobody's yet
    if not (known and request.path.startswith(_CONSOLE) and admin.site.has_permission(request)):
        return None
    request.current_app = admin.site.name
    context = {**admin.site.each_context(request), **words._asdict()}
    return TemplateResponse(request, "staff/problem.html", context, status=status).render()
