"""
The catalogue of errors: every code that clients may meet, with its status, cause and remedy.

Codes come from three places: a status that the frameworks answer with (`BY_STATUS`), the gateway's
own answers (`OF_THE_GATEWAY`), and the `ServiceError` classes, which carry their texts themselves.
OpenAPI and docs/errors.md are made from it.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import chain
from pkgutil import walk_packages
from typing import Any, NamedTuple

from common.api.errors import InvalidRequest, NotFound, PayloadTooLarge
from common.errors import Refused, ServiceError, Unavailable

PROBLEM_JSON = "application/problem+json"

ABSTRACT = (ServiceError, Refused)
"""Never answered themselves; their subclasses are."""


class Entry(NamedTuple):
    """One code; `when` and `remedy` are sentences for clients."""

    code: str
    status: int
    title: str
    when: str
    remedy: str


def entry_of(error: type[ServiceError]) -> Entry:
    """What a class says of itself."""
    return Entry(error.code, error.status, error.title, error.when, error.remedy)


BY_STATUS = {
    entry.status: entry
    for entry in (
        entry_of(InvalidRequest),
        Entry(
            "not_authenticated",
            401,
            "An access token is needed",
            "There is no access token, or it is expired, forged or for somebody else.",
            "Refresh the access token, or sign in again, and repeat the request.",
        ),
        Entry(
            "permission_denied",
            403,
            "This is not allowed",
            "The token is good, but its role may not do this.",
            "Ask with an account that has the role.",
        ),
        entry_of(NotFound),
        Entry(
            "method_not_allowed",
            405,
            "The method is not allowed here",
            "The address exists, but not with this method.",
            "Use a method that `Allow` names.",
        ),
        Entry(
            "not_acceptable",
            406,
            "No such representation",
            "`Accept` names nothing that this address can give.",
            "Accept `application/json`.",
        ),
        entry_of(PayloadTooLarge),
        Entry(
            "unsupported_media_type",
            415,
            "The body must be application/json",
            "The body's `Content-Type` is not `application/json`.",
            "Send JSON, and say so.",
        ),
        Entry(
            "rate_limited",
            429,
            "Too many requests",
            "More requests came from this client in a short time than are taken.",
            "Wait as long as `Retry-After` says and repeat the request.",
        ),
        Entry(
            "internal",
            500,
            "Something went wrong on our side",
            "We made a mistake; nothing that a client sends should lead here.",
            "Repeat the request with the same idempotency key; report the `request_id`.",
        ),
        entry_of(Unavailable),
    )
}

OF_THE_GATEWAY = (
    Entry(
        "bad_request",
        400,
        "The request is not valid HTTP",
        "The gateway cannot read the request, or it could be read in two ways.",
        "Mend the client or the proxy before it: no library sends this on purpose.",
    ),
    Entry(
        "request_timeout",
        408,
        "The request took too long",
        "The request did not arrive as a whole within the gateway's time.",
        "Repeat it over a better connection.",
    ),
    Entry(
        "uri_too_long",
        414,
        "The address is too long",
        "The path and query have more than 4,000 bytes.",
        "Ask for less at once.",
    ),
    Entry(
        "headers_too_large",
        431,
        "The headers are too large",
        "The request has more than 50 headers, or more than 16 KiB of them.",
        "Send fewer headers.",
    ),
    Entry(
        "timeout",
        504,
        "The service did not answer in time",
        "A service took longer than the gateway waits; what was asked for may still happen.",
        "Repeat the request with the same idempotency key: it never has two effects.",
    ),
)


def catalogue(errors: Iterable[type[ServiceError]]) -> list[Entry]:
    """
    Every entry by status and code: the general ones, and those of these classes.

    A code is one entry, whoever answers it; what its classes say of it is put together. Raises
    `ValueError` where they disagree about the status.
    """
    entries: dict[str, Entry] = {}
    for entry in chain(BY_STATUS.values(), OF_THE_GATEWAY, map(entry_of, errors)):
        known = entries.setdefault(entry.code, entry)
        if known.status != entry.status:
            raise ValueError(f"{entry.code} is {known.status} and {entry.status}")
        entries[entry.code] = known._replace(
            when=_with(known.when, entry.when), remedy=_with(known.remedy, entry.remedy)
        )
    return sorted(entries.values(), key=lambda entry: (entry.status, entry.code))


def service_errors(*packages: str) -> list[type[ServiceError]]:
    """Every class that these packages may raise, by its name; imports where they are defined."""
    for package in packages:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            if module.name.rpartition(".")[2] == "errors":
                import_module(module.name)
    found = (one for one in _descendants(ServiceError) if one not in ABSTRACT)
    ours = (one for one in found if one.__module__.partition(".")[0] in packages)
    return sorted(ours, key=lambda one: (one.__module__, one.__name__))


def problem_type(code: str) -> str:
    """What a problem document with this code has as its `type` (RFC 9457, section 3.1.1)."""
    return f"urn:notion-api:problem:{code}"


def example(entry: Entry) -> dict[str, Any]:
    """A problem document with this code, as the API answers it."""
    errors = [_FIELD_EXAMPLE] if entry.code == "invalid" else []
    return {
        "type": problem_type(entry.code),
        "title": entry.title,
        "status": entry.status,
        "detail": "See errors for what to change." if errors else entry.title,
        "instance": "/api/v1/…",
        "code": entry.code,
        "request_id": "0198c0de-7b1e-7c3e-9a51-5b0f6f1d2c3a",
        "errors": errors,
    }


_FIELD_EXAMPLE = {
    "field": "amount",
    "code": "not_an_integer",
    "detail": "Give minor units as a JSON integer.",
}


def _with(text: str, more: str) -> str:
    return text if more in text else f"{text} {more}".strip()


def _descendants(cls: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
