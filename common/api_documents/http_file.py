"""docs/api.http: requests for editors, in the format of VS Code's REST Client and of httpYac."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from common.api_documents.description import Operation
from common.api_documents.walk import REST, WALK, Step

_VARIABLE = re.compile(r"\{\{([a-z_]+)\}\}")
_HEAD = """\
# Every request of the API, for VS Code's REST Client, httpYac and alike.
# Written by `./manage_all.sh documents` from docs/openapi; edit nothing here.
# The first part is a walk to be sent from top to bottom, the second has what is left.

@gateway = http://127.0.0.1:4000
# `./manage_all.sh up` shows it.
@treasury_password =
"""


def http_file(found: Sequence[Operation]) -> str:
    """The whole file."""
    by_id = {operation.id: operation for operation in found}
    walked = {step.operation for step in WALK}
    rest = [operation for operation in found if operation.id not in walked]
    requests = [
        *(_of_step(step, by_id[step.operation]) for step in WALK),
        *(_of_operation(operation) for operation in rest),
    ]
    return "\n".join([_HEAD, *requests])


def _of_step(step: Step, operation: Operation) -> str:
    lines = [f"### {step.text}", f"# @name {step.name}"]
    path = operation.path
    for name, value in step.path.items():
        path = path.replace(f"{{{name}}}", value)
    token = f"{{{{{step.caller}_token}}}}" if step.caller else None
    lines += _request(operation, path, token=token, body=step.body, headers=step.headers)
    return _VARIABLE.sub(_kept, "\n".join(lines)) + "\n"


def _kept(match: re.Match[str]) -> str:
    """What a step has kept, as a reference to its answer."""
    for step in WALK:
        if member := step.keeps.get(match[1]):
            return f"{{{{{step.name}.response.body.$.{member}}}}}"
    return match[0]


def _of_operation(operation: Operation) -> str:
    path = operation.path.format_map(REST)
    needed = [one for one in operation.parameters("query") if one.get("required")]
    query = "&".join(f"{one['name']}={{{{{one['name']}}}}}" for one in needed)
    token = REST["token"] if operation.content.get("security") else None
    lines = [f"### {operation.summary}", f"# @name {operation.id}"]
    lines += _request(
        operation, f"{path}?{query}" if query else path, token=token, body=operation.body()
    )
    return _VARIABLE.sub(_kept, "\n".join(lines)) + "\n"


def _request(
    operation: Operation,
    path: str,
    *,
    token: str | None,
    body: Mapping[str, Any] | None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    yield f"{operation.method} {{{{gateway}}}}{path}"
    if token:
        yield f"Authorization: Bearer {token}"
    for header in operation.parameters("header"):
        if header.get("required"):
            name = header["name"]
            yield f"{name}: {'{{$guid}}' if name == 'Idempotency-Key' else '{{key}}'}"
    for name, value in headers.items():
        yield f"{name}: {value}"
    if body is not None:
        yield "Content-Type: application/json"
        yield ""
        yield json.dumps(body, indent=2, ensure_ascii=False)
