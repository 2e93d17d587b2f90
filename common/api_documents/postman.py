"""docs/notion-api.postman_collection.json: the same requests for Postman (format 2.1)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from common.api_documents.description import Operation
from common.api_documents.walk import REST, WALK, Step

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_VARIABLES = {"gateway": "http://127.0.0.1:4000", "treasury_password": ""}


def postman_collection(found: Sequence[Operation]) -> dict[str, Any]:
    """The whole collection: a folder with the walk, and one for each tag with every operation."""
    by_id = {operation.id: operation for operation in found}
    walk = [_of_step(step, by_id[step.operation]) for step in WALK]
    folders = [{"name": "A walk, from top to bottom", "item": walk}]
    for tag in dict.fromkeys(operation.tag for operation in found):
        items = [_of_operation(operation) for operation in found if operation.tag == tag]
        folders.append({"name": tag, "item": items})
    return {
        "info": {
            "name": "Notion API",
            "description": "Written by `./manage_all.sh documents` from docs/openapi.",
            "schema": _SCHEMA,
        },
        "item": folders,
        "variable": [{"key": key, "value": value} for key, value in _VARIABLES.items()],
    }


def _of_step(step: Step, operation: Operation) -> dict[str, Any]:
    token = f"{{{{{step.caller}_token}}}}" if step.caller else None
    item = _item(step.text, operation, token=token, path=step.path, body=step.body)
    for header in item["request"]["header"]:
        if value := step.headers.get(header["key"]):
            header |= {"value": value, "disabled": False}
    if script := _script(step):
        item["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}]
    return item


def _script(step: Step) -> list[str]:
    """Keep members of the answer for the steps after it, and say what it must have come to."""
    lines = [
        f'pm.collectionVariables.set("{name}", pm.response.json().{member});'
        for name, member in step.keeps.items()
    ]
    if step.until:
        lines.append(
            f'pm.test("{step.until}", () => '
            f'pm.expect(pm.response.json().status).to.eql("{step.until}"));'
        )
    return lines


def _of_operation(operation: Operation) -> dict[str, Any]:
    token = REST["token"] if operation.content.get("security") else None
    path = {one["name"]: REST[one["name"]] for one in operation.parameters("path")}
    return _item(operation.summary, operation, token=token, path=path, body=operation.body())


def _item(
    name: str,
    operation: Operation,
    *,
    token: str | None,
    path: Mapping[str, str],
    body: Mapping[str, Any] | None,
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": operation.method,
        "header": _headers(operation, has_body=body is not None),
        "url": _url(operation, path),
        "description": operation.content["description"],
        "auth": {"type": "noauth"},
    }
    if token:
        bearer = [{"key": "token", "value": token, "type": "string"}]
        request["auth"] = {"type": "bearer", "bearer": bearer}
    if body is not None:
        raw = json.dumps(body, indent=2, ensure_ascii=False)
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return {"name": name, "request": request}


def _headers(operation: Operation, *, has_body: bool) -> list[dict[str, Any]]:
    headers: list[dict[str, Any]] = [
        {
            "key": one["name"],
            "value": "{{$guid}}" if one["name"] == "Idempotency-Key" else "",
            "description": one.get("description", ""),
            "disabled": not one.get("required", False),
        }
        for one in operation.parameters("header")
    ]
    if has_body:
        headers.append({"key": "Content-Type", "value": "application/json"})
    return headers


def _url(operation: Operation, path: Mapping[str, str]) -> dict[str, Any]:
    words = operation.path.strip("/").replace("{", ":").replace("}", "").split("/")
    query = [
        {
            "key": one["name"],
            "value": "",
            "description": one.get("description", ""),
            "disabled": not one.get("required", False),
        }
        for one in operation.parameters("query")
    ]
    return {
        "raw": "{{gateway}}/" + "/".join(words),
        "host": ["{{gateway}}"],
        "path": words,
        "query": query,
        "variable": [{"key": key, "value": value} for key, value in path.items()],
    }
