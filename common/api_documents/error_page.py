"""docs/errors.md: every code, what it means, and what to do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from common.api.catalogue_outcomes import (
    AUTH_CODES,
    CLOSING_REFUSALS,
    FIELD_CODES,
    REJECTIONS,
    Outcome,
)
from common.api_documents.description import Document, Operation

_HEAD = """\
# Errors

Written by `./manage_all.sh documents`; `lint` compares it with the code.

Every error but those below `/api/v1/auth` is a problem document (RFC 9457,
`application/problem+json`), whether a service or the gateway answers it:

```json
{
  "type": "urn:notion-api:problem:invalid",
  "title": "The request is not valid",
  "status": 400,
  "detail": "See errors for what to change.",
  "instance": "/api/v1/transactions",
  "code": "invalid",
  "request_id": "0198c0de-7b1e-7c3e-9a51-5b0f6f1d2c3a",
  "errors": [
    {
      "field": "amount",
      "code": "not_an_integer",
      "detail": "Give minor units as a JSON integer."
    }
  ]
}
```

Program against `code`: it never changes its meaning, and `type` is made of it. `title` and `detail`
are for people. `errors` names the fields, nested ones with dots. An answer of 429 or 503 has
`Retry-After` in seconds, and the same request with the same `Idempotency-Key` may be sent again;
any other 4xx stays what it is until the request changes.
"""

_OF_NO_OPERATION = ("method_not_allowed", "internal")


def error_page(documents: Mapping[str, Document], found: Sequence[Operation]) -> str:
    """The whole page."""
    entries = _entries(documents.values())
    where = _where(found)
    public = [entry for entry in entries if entry["code"] in {*where, *_OF_NO_OPERATION}]
    staff = [entry for entry in entries if entry not in public]
    sections = (
        _section("Answers of the API", (_row(entry, where, found) for entry in public)),
        _section(
            "In the consoles and commands",
            (_row(entry, where, found) for entry in staff),
            "Staff see the title and the detail; clients never meet these.",
        ),
        _outcomes(
            "Outcomes",
            REJECTIONS,
            "A refusal of the ledger is no error: the request was accepted with 202, and its"
            " `rejection_code` (of a transaction, or of a command) says why it was not carried"
            " out. Asking again with a new key may have another outcome.",
        ),
        _outcomes(
            "Why an account is not closed",
            CLOSING_REFUSALS,
            "After `POST /api/v1/users/me/close` the account's status is `closing`; when the"
            " ledger refuses, it is what it was before, and staff see the code.",
        ),
        _outcomes("Codes of fields", FIELD_CODES, "In `errors[].code`, below the code `invalid`."),
        _outcomes(
            "Below /api/v1/auth",
            AUTH_CODES,
            "There the shape is django-allauth's, `{status, errors: [{message, code, param?}]}`,"
            " and its documentation has its codes. These are ours; where the gateway answers"
            " itself, it is a problem document there, too.",
        ),
    )
    return "\n".join([_HEAD, *sections])


def _entries(documents: Iterable[Document]) -> list[dict[str, Any]]:
    """The catalogues of all services as one; what they say of the same code is put together."""
    entries: dict[str, dict[str, Any]] = {}
    for entry in chain.from_iterable(document["x-error-catalogue"] for document in documents):
        known = entries.setdefault(entry["code"], dict(entry))
        for text in ("when", "remedy"):
            if entry[text] not in known[text]:
                known[text] = f"{known[text]} {entry[text]}"
    return sorted(entries.values(), key=lambda entry: (entry["status"], entry["code"]))


def _where(found: Sequence[Operation]) -> dict[str, list[str]]:
    """The operations that answer with a code, by code."""
    where: dict[str, list[str]] = {}
    for operation in found:
        for code in operation.problem_codes():
            where.setdefault(code, []).append(f"`{operation.method} {operation.path}`")
    return where


def _row(
    entry: Mapping[str, Any], where: Mapping[str, Sequence[str]], found: Sequence[Operation]
) -> tuple[str, ...]:
    places = where.get(entry["code"], [])
    few = ", ".join(places) if len(places) <= len(found) // 4 else ""
    name = f"`{entry['code']}`<br>{entry['title']}"
    when = f"{entry['when']}<br>{few}" if few else entry["when"]
    return str(entry["status"]), name, when, entry["remedy"]


def _section(title: str, rows: Iterable[tuple[str, ...]], words: str = "") -> str:
    head = [f"## {title}", "", *([words, ""] if words else [])]
    return "\n".join([*head, *_table(("status", "code", "when", "what to do"), rows), ""])


def _outcomes(title: str, outcomes: Iterable[Outcome], words: str) -> str:
    rows = ((f"`{one.code}`", one.when, one.remedy) for one in outcomes)
    return "\n".join(
        [f"## {title}", "", words, "", *_table(("code", "when", "what to do"), rows), ""]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
