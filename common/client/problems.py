"""Problem documents (RFC 9457) as the API answers them, and what stands in for one."""

from typing import Any

import httpx
import msgspec

_QUOTED_MAX = 200


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one member of what was sent."""

    field: str
    code: str
    detail: str = ""


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not done; `code` is for programs, the texts are for people."""

    status: int
    code: str
    title: str = ""
    detail: str = ""
    type: str = "about:blank"
    instance: str | None = None
    request_id: str | None = None
    errors: tuple[FieldError, ...] = ()
    pending: tuple[str, ...] = ()
    """What is still to be done for a sign-in that was right so far."""

    @property
    def field(self) -> str | None:
        """The first member that is wrong, if the problem is one of a member."""
        return self.errors[0].field if self.errors else None

    def __str__(self) -> str:
        about = "".join(f"; {error.field}: {error.detail}" for error in self.errors)
        asked = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.status} {self.code}: {self.detail or self.title}{about}{asked}"


class _AuthError(msgspec.Struct, frozen=True):
    code: str
    message: str = ""
    param: str | None = None


class _AuthFlow(msgspec.Struct, frozen=True):
    id: str
    is_pending: bool = False


class _AuthData(msgspec.Struct, frozen=True):
    flows: tuple[_AuthFlow, ...] = ()


class _AuthAnswer(msgspec.Struct, frozen=True):
    """How everything below /auth refuses, or asks for more: the shape is allauth's."""

    status: int
    errors: tuple[_AuthError, ...] = ()
    data: _AuthData = _AuthData()


def problem_of(answer: httpx.Response) -> Problem:
    """Read why an answer is none, whoever gave it: a service, allauth, or a proxy between us."""
    for read in (_document, _of_auth):
        try:
            return read(answer)
        except msgspec.DecodeError:
            continue
    return Problem(
        status=answer.status_code,
        code="unreadable",
        title=answer.reason_phrase,
        detail=answer.text[:_QUOTED_MAX],
    )


def _document(answer: httpx.Response) -> Problem:
    return msgspec.json.decode(answer.content, type=Problem)


def _of_auth(answer: httpx.Response) -> Problem:
    said = msgspec.json.decode(answer.content, type=_AuthAnswer)
    return Problem(
        status=answer.status_code,
        code=said.errors[0].code if said.errors else "not_authenticated",
        title=answer.reason_phrase,
        detail=said.errors[0].message if said.errors else "",
        request_id=answer.headers.get("X-Request-Id"),
        errors=tuple(
            FieldError(error.param, error.code, error.message)
            for error in said.errors
            if error.param
        ),
        pending=tuple(flow.id for flow in said.data.flows if flow.is_pending),
    )


def problem_from(member: Any) -> Problem:
    """Read a problem document inside of another answer. Raises `msgspec.ValidationError`."""
    return msgspec.convert(member, Problem)
