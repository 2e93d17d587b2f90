"""
Strict JSON into allauth's routes, and an honest answer in allauth's shape out of them.

allauth reads bodies with Python's own loader, which ends in errors on some of them, and its
forms fold look-alike addresses into ASCII ones before anybody can refuse them.
"""

import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils.cache import add_never_cache_headers

from common.api.unavailable import unavailable_from
from common.errors import Unavailable
from common.strict_json import NotJson, strict_json_loads
from users.identity.emails import AddressInvalid, email_canonical

_PREFIX = "/_allauth/"
# What these do differs with whether somebody has the address: rows are written, or not.
_EVEN = frozenset(f"{_PREFIX}app/v1/auth/{name}" for name in ("signup", "password/request"))
_TEXT_MAX = 1024
_TEXTS = frozenset(
    {"email", "password", "current_password", "new_password", "key", "code", "refresh_token"}
)


class _Refused(Exception):
    def __init__(self, message: str, *, code: str, param: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.response = _answer(status, message=message, code=code, param=param)


class AuthRequestMiddleware:
    """Checks what clients send to allauth, and turns races and trouble into 409, 410 or 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(_PREFIX):
            began_at = time.monotonic()
            try:
                _body_check(request)
            except _Refused as refused:
                return refused.response
            response = _in_shape(self._get_response(request))
            if request.path in _EVEN and _addresses_are_hidden():
                _wait_for_even_time(began_at)
            return response
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not request.path.startswith(_PREFIX):
            return None
        if isinstance(exception, IntegrityError):
            return _answer(409, message="Somebody else was faster.", code="conflict")
        if isinstance(exception, UpdateError):
            return _answer(410, message="The session has ended meanwhile.", code="session_ended")
        trouble = exception if isinstance(exception, Unavailable) else unavailable_from(exception)
        if trouble is None:
            return None
        response = _answer(503, message=trouble.title, code=trouble.code)
        response.headers["Retry-After"] = str(trouble.retry_after_s)
        return response


def _addresses_are_hidden() -> bool:
    return bool(settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory")


def _wait_for_even_time(began_at: float) -> None:
    """
    Hold an answer until the next multiple of `settings.EVEN_ANSWERS_S` since its request began.

    The heavy work (a hash, a mail) is the same for known and unknown addresses; this hides the
    milliseconds of the rest. Sign-up is rated low enough not to hold many threads.
    """
    step = settings.EVEN_ANSWERS_S
    if step > 0:
        time.sleep(step - (time.monotonic() - began_at) % step)


def _body_check(request: HttpRequest) -> None:
    """Leave a body of strict JSON with canonical addresses, or raise `_Refused`."""
    raw = _body(request)
    if not raw or request.method == "GET":
        return
    try:
        body = strict_json_loads(raw, size_max=settings.BODY_SIZE_MAX)
    except NotJson as error:
        raise _Refused(f"Send strict JSON: {error}.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise _Refused("Send a JSON object.", code="invalid_json")
    for name in _TEXTS & body.keys():
        _text_check(name, body[name])
    if "email" in body:
        try:
            body["email"] = email_canonical(body["email"])
        except AddressInvalid:
            raise _Refused("Enter a valid email address.", code="invalid", param="email") from None
        # Where Django keeps a body that has been read; the views read it from there.
        request._body = json.dumps(body).encode()  # noqa: SLF001


def _body(request: HttpRequest) -> bytes:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise _Refused("The length is not a number.", code="invalid") from None
    if length > settings.BODY_SIZE_MAX:
        raise _Refused("The body is too large.", code="payload_too_large", status=413)
    try:
        return request.body
    except UnreadablePostError:
        raise _Refused("The body ended early.", code="invalid") from None


def _in_shape(response: HttpResponse) -> HttpResponse:
    """Django's own refusals (an unknown route, a wrong method) in the shape of all the others."""
    status = response.status_code
    if status < HTTPStatus.BAD_REQUEST or response["Content-Type"] == "application/json":
        return response
    phrase = HTTPStatus(status).phrase
    shaped = _answer(status, message=f"{phrase}.", code=phrase.lower().replace(" ", "_"))
    if "Allow" in response:
        shaped.headers["Allow"] = response["Allow"]
    return shaped


def _text_check(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _Refused("Give a string.", code="invalid", param=name)
    if len(value) > _TEXT_MAX:
        raise _Refused(f"At most {_TEXT_MAX} characters.", code="max_length", param=name)


def _answer(status: int, *, message: str, code: str, param: str = "") -> HttpResponse:
    error = {"message": message, "code": code} | ({"param": param} if param else {})
    response = JsonResponse({"status": status, "errors": [error]}, status=status)
    add_never_cache_headers(response)
    return response
