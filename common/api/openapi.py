"""
How the API is described: the errors of every operation, and common's own classes.

`ApiSchema` adds to each operation what the frameworks, the gateway and the view's `refusals` can
answer, all from the catalogue; `complete` adds what is said once for the whole document.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.conf import settings
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from common.api.catalogue import (
    BY_STATUS,
    OF_THE_GATEWAY,
    PROBLEM_JSON,
    Entry,
    catalogue,
    entry_of,
    example,
    service_errors,
)
from common.api.pagination import LIMIT_DEFAULT, LIMIT_MAX
from common.api.unavailable import Busy
from common.errors import ServiceError
from common.money import AMOUNT_MAX, EXPONENTS

REQUEST_ID = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
RETRY_AFTER = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
CALLER = {"WWW-Authenticate": {"$ref": "#/components/headers/WwwAuthenticate"}}

# What `StrictCharField` refuses, without what is beyond the basic plane: engines differ there.
_HIDDEN = (
    r"\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufeff\ufff9-\ufffb"
)
_PROSE = rf"^[^{_HIDDEN}]*$"
_TEXT = rf"^[^{_HIDDEN}\u200c\u200d]*$"
_BLANK = {"type": "string", "maxLength": 0}
_GATEWAY = {entry.status: entry for entry in OF_THE_GATEWAY}
ALWAYS = (
    *(_GATEWAY[status] for status in (400, 408, 414, 431, 504)),
    *(BY_STATUS[status] for status in (406, 429, 503)),
)
"""What the gateway and the frameworks may answer on any route."""

View = TypeVar("View", bound=Callable[..., Any])


def page_parameters() -> list[OpenApiParameter]:
    """The query of every list that comes in pages."""
    return [
        OpenApiParameter("cursor", str, description="`next_cursor` of the page before."),
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT},
            description="How many rows a page may have.",
        ),
    ]


def refusals(*errors: type[ServiceError] | Entry) -> Callable[[View], View]:
    """Name the errors that a view's method answers with, beside those of every operation."""
    entries = [error if isinstance(error, Entry) else entry_of(error) for error in errors]

    def named(view: View) -> View:
        view.refusals = entries  # type: ignore[attr-defined]  # read by ApiSchema
        return view

    return named


class ApiSchema(AutoSchema):
    """Describes a view with every error that it can answer."""

    def get_operation(self, *arguments: Any, **named: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*arguments, **named)
        if operation is None:
            return None
        for response in operation["responses"].values():
            response["headers"] = {**response.get("headers", {}), **REQUEST_ID}
        handler = getattr(self.view, self.method.lower())
        its_own = getattr(handler, "refusals", ())
        operation["responses"] |= problem_responses([*_of_every(operation), *its_own])
        return operation


def _of_every(operation: dict[str, Any]) -> Iterable[Entry]:
    """What the frameworks and the gateway answer to an operation of this shape."""
    yield from ALWAYS
    if operation.get("security"):
        yield BY_STATUS[401]
    has_body = "requestBody" in operation
    parameters = operation.get("parameters", ())
    if has_body or parameters:
        yield BY_STATUS[400]
    if any(parameter["in"] == "path" for parameter in parameters):
        yield BY_STATUS[404]
    if has_body:
        yield from (BY_STATUS[413], BY_STATUS[415], entry_of(Busy))


def problem_responses(entries: Iterable[Entry]) -> dict[str, Any]:
    """The responses of an operation that answers with these entries, by status."""
    by_status: dict[int, dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        by_status[entry.status].setdefault(entry.code, entry)
    return {
        str(status): _response(list(by_status[status].values())) for status in sorted(by_status)
    }


def _response(entries: list[Entry]) -> dict[str, Any]:
    """One code that every operation has is said once in the document, the others here."""
    if len(entries) == 1 and entries[0] in (*ALWAYS, *BY_STATUS.values()):
        return {"$ref": f"#/components/responses/{_component(entries[0])}"}
    return problem_response(entries)


def problem_response(entries: list[Entry]) -> dict[str, Any]:
    """A problem document with one of these codes, which have the same status."""
    codes = {
        "type": "object",
        "properties": {
            "status": {"const": entries[0].status},
            "code": {"enum": [entry.code for entry in entries]},
        },
    }
    return {
        "description": " ".join(f"`{entry.code}`: {entry.when}" for entry in entries),
        "headers": {**REQUEST_ID, **_headers_of(entries[0].status)},
        "content": {
            PROBLEM_JSON: {
                "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, codes]},
                "examples": {
                    entry.code: {"summary": entry.title, "value": example(entry)}
                    for entry in entries
                },
            }
        },
    }


def _headers_of(status: int) -> dict[str, Any]:
    return {401: CALLER, 429: RETRY_AFTER, 503: RETRY_AFTER}.get(status, {})


def _component(entry: Entry) -> str:
    return "".join(word.capitalize() for word in entry.code.split("_"))


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what is said once: the problem document, its headers, and the catalogue of errors."""
    components = result.setdefault("components", {})
    components["schemas"] = dict(
        sorted({**components.get("schemas", {}), "Problem": PROBLEM}.items())
    )
    components["headers"] = HEADERS
    shared = {entry.code: entry for entry in (*BY_STATUS.values(), *ALWAYS)}
    components["responses"] = {
        _component(entry): problem_response([entry]) for _, entry in sorted(shared.items())
    }
    errors = service_errors("common", settings.ROOT_URLCONF.partition(".")[0])
    result["x-error-catalogue"] = [entry._asdict() for entry in catalogue(errors)]
    return result


PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457). More members may be added.",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "pattern": "^urn:notion-api:problem:[a-z_]+$",
            "description": "`urn:notion-api:problem:` and the code.",
        },
        "title": {"type": "string", "description": "Of the code, always the same."},
        "status": {"type": "integer", "description": "The status of the answer."},
        "detail": {"type": "string", "description": "Of this occurrence, for people."},
        "instance": {
            "type": ["string", "null"],
            "description": "The path; null where the request could not be read.",
        },
        "code": {
            "type": "string",
            "description": "What to program against; docs/errors.md has all of them.",
        },
        "request_id": {"type": ["string", "null"], "description": "Name it in a report."},
        "errors": {
            "type": "array",
            "description": "Which fields are wrong, and how.",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string", "description": "Members are joined by dots."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["field", "code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id", "errors"],
}

HEADERS = {
    "RequestId": {
        "description": "The id of this request, as in every log line about it.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RetryAfter": {
        "description": "Seconds to wait before the same request is sent again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
    "WwwAuthenticate": {
        "description": "How to say who asks.",
        "schema": {"type": "string", "examples": ["Bearer"]},
    },
}


class TokenAuthenticationScheme(OpenApiAuthenticationExtension):
    """An access token of users, which both services accept."""

    target_class = "common.api.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "`meta.access_token` of `/api/v1/auth/login`; good for five minutes.",
        }


class StrictSerializerSchema(OpenApiSerializerExtension):
    """Other members than these are refused."""

    target_class = "common.api.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001  as its documentation shows
        if members := schema.get("properties"):
            schema["properties"] = {name: _with_blank(one) for name, one in members.items()}
        return {**schema, "additionalProperties": False}


def _with_blank(schema: dict[str, Any]) -> dict[str, Any]:
    """drf-spectacular sets `oneOf` a text and the empty one, which our patterns take already."""
    text, *rest = schema.get("oneOf", [{}])
    return text if rest == [_BLANK] else schema


class MinorUnitsSchema(OpenApiSerializerFieldExtension):
    """An amount: integer minor units."""

    target_class = "common.api.fields.MinorUnitsField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "integer", "minimum": 1, "maximum": AMOUNT_MAX}


class CurrencySchema(OpenApiSerializerFieldExtension):
    """One of the currencies that we have an exponent for."""

    target_class = "common.api.fields.CurrencyField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "string", "enum": sorted(EXPONENTS)}


class TextSchema(OpenApiSerializerFieldExtension):
    """Text without control and invisible characters."""

    target_class = "common.api.fields.StrictCharField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema = auto_schema._map_serializer_field(self.target, direction, bypass_extensions=True)  # noqa: SLF001  as its documentation shows
        shortest = {} if self.target.allow_blank else {"minLength": 1}
        pattern = _PROSE if self.target.prose else _TEXT
        return {**shortest, **schema, "type": "string", "pattern": pattern}


class MetadataSchema(OpenApiSerializerFieldExtension):
    """A small flat object of strings."""

    target_class = "common.api.fields.MetadataField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:  # noqa: ARG002
        return {
            "type": "object",
            "maxProperties": 20,
            "propertyNames": {"minLength": 1, "maxLength": 500, "pattern": _TEXT},
            "additionalProperties": {"type": "string", "maxLength": 500, "pattern": _PROSE},
        }
