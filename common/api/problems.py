"""
Errors as RFC 9457 problem documents, from one place, for every way a request can fail.

Members: `type title status detail instance code request_id errors`, `errors` being a list of
`{field, code, detail}`; a `ServiceError` may add members of its own.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.handler import exception_handler as standardized_handler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.response import Response

from common.api.catalogue import BY_STATUS, PROBLEM_JSON, problem_type
from common.api.unavailable import unavailable_from
from common.errors import ServiceError, Unavailable

log = structlog.get_logger(__name__)

_SAFE = ("GET", "HEAD")


class ServiceProblem(exceptions.APIException):
    """Carries a `ServiceError` through Django REST framework."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(detail=error.detail, code=error.code)
        self.status_code = error.status
        self.error = error
        if isinstance(error, Unavailable):
            self.wait = error.retry_after_s


class ProblemHandler(ExceptionHandler):
    """Knows our own errors and a database that is away, beside what the frameworks know."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        error = unavailable_from(exc) or exc
        if isinstance(error, ServiceError):
            return ServiceProblem(error)
        converted: Exception = super().convert_known_exceptions(exc)
        return converted

    def report_exception(self, exc: exceptions.APIException, response: Response) -> None:
        """Log what is anticipated in one line; only bugs are reported with a traceback."""
        if not isinstance(exc, ServiceProblem):
            super().report_exception(exc, response)
        elif exc.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning("unavailable", code=exc.error.code, detail=exc.error.detail)


class ProblemFormatter(ExceptionFormatter):
    """Renders any API exception as a problem document."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        request: Any = self.context["request"]
        error = self.exc.error if isinstance(self.exc, ServiceProblem) else None
        errors = [
            {"field": item.attr, "code": item.code, "detail": item.detail}
            for item in error_response.errors
            if item.attr and item.attr != "non_field_errors"
        ]
        if error is not None and error.field:
            errors = [{"field": error.field, "code": error.code, "detail": error.detail}]
        return problem(
            request,
            status=self.exc.status_code,
            code=error.code if error else None,
            title=error.title if error else None,
            detail=_detail(self.exc, error_response, errors),
            errors=errors,
            **(error.extra if error else {}),
        )


def exception_handler(exc: Exception, context: Any) -> Response | None:
    """The `EXCEPTION_HANDLER` of REST framework; everything it answers is a problem document."""
    response: Response | None = standardized_handler(exc, context)
    if response is not None:
        response.content_type = PROBLEM_JSON
    return response


def problem(
    request: HttpRequest,
    *,
    status: int,
    code: str | None = None,
    title: str | None = None,
    detail: str | None = None,
    errors: list[dict[str, Any]] | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """Build a problem document; code and title default to those of the status."""
    general = BY_STATUS.get(status)
    default_code = general.code if general else "error"
    default_title = general.title if general else HTTPStatus(status).phrase
    code = code or default_code
    return {
        "type": problem_type(code),
        "title": title or default_title,
        "status": status,
        "detail": detail or title or default_title,
        "instance": request.path,
        "code": code,
        "request_id": getattr(request, "request_id", None),
        "errors": errors or [],
        **extra,
    }


def _detail(
    exc: exceptions.APIException, response: ErrorResponse, errors: list[dict[str, Any]]
) -> str | None:
    if isinstance(exc, ServiceProblem):
        return str(exc.error.detail)
    if errors:
        return "See errors for what to change."
    if exc.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    return str(response.errors[0].detail) if response.errors else None


def problem_response(request: HttpRequest, *, status: int, **members: Any) -> JsonResponse:
    """A problem document outside of REST framework."""
    return JsonResponse(
        problem(request, status=status, **members), status=status, content_type=PROBLEM_JSON
    )


def safe_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """
    Answer methods other than GET and HEAD with 405, as a problem document.

    For views outside of REST framework; they change nothing, so no CSRF token is asked for.
    """

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in _SAFE:
            return view(request, *args, **kwargs)
        response = problem_response(request, status=405)
        response.headers["Allow"] = ", ".join(_SAFE)
        return response

    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's handler400."""
    return problem_response(request, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's handler403."""
    return problem_response(request, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's handler404."""
    return problem_response(request, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return problem_response(request, status=500)
