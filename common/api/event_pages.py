"""The page about the events, and the AsyncAPI document that it shows; both for everybody."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from common.events.contract_docs import contract_doc
from common.events.contracts import EVENT_TYPES
from common.events.field_rows import field_rows
from common.events.schemas import asyncapi_published, document_bytes

# Stricter than what swagger-ui beside it needs: there is no script.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def events_page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Every event with its members, headers and an example, as plain HTML."""
    return HttpResponse(_page(), headers={"Content-Security-Policy": _POLICY})


@require_safe
def events_document(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django's signature
    """The same as AsyncAPI 3.0, for tools."""
    return HttpResponse(_document(), content_type="application/json")


@cache
def _document() -> bytes:
    return document_bytes(asyncapi_published())


@cache
def _page() -> str:
    document = asyncapi_published()
    structs = document["components"]["schemas"]
    messages = document["components"]["messages"]
    return render_to_string(
        "events/events.html",
        {
            "info": document["info"],
            "channels": document["channels"],
            "headers": list(field_rows(structs["EventHeaders"], structs)),
            "headers_words": structs["EventHeaders"]["description"],
            "events": [_event(message, structs) for message in messages.values()],
        },
    )


def _event(message: Mapping[str, Any], structs: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says of one event version."""
    (example,) = message["examples"]
    return {
        "name": message["name"],
        "doc": contract_doc(EVENT_TYPES[message["name"]]),
        "fields": list(field_rows(message["payload"], structs)),
        "headers": example["headers"],
        "data": document_bytes(example["payload"]).decode(),
    }
