"""
The routes below /api/v1/auth as OpenAPI: allauth's own description, at the gateway's addresses.

allauth ships what it answers. We leave out what cannot be reached here, and add what our strict
loader and the gateway answer before it.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Any

import yaml
from allauth.headless.spec.internal import schema as allauth_schema

from common.api.openapi import ALWAYS, PROBLEM_JSON, REQUEST_ID, problem_responses
from common.api_documents.description import resolved

_APP = "/_allauth/app/v1/"
_HIDDEN = ("phone", "config")
_USER_ID = "0198c0de-1a00-7000-8000-00000000a11c"
_OTHER_NAMES = frozenset({"username", "phone"})
"""allauth can find people by them; we keep e-mail addresses only."""
_REF = "#/components/"
_SESSION = f"{_REF}parameters/AuthSessionToken"
_NOBODY = f"{_REF}responses/AuthAuthentication"

# Beside what allauth says: what `auth_requests` and allauth's limits may answer on any route.
_REFUSALS = {
    400: "The body is not strict JSON, or a member is not what it should be.",
    403: "allauth does not allow it, or not so often.",
    404: "There is no such route.",
    409: "Somebody else was faster, or this does not fit the state of the session.",
    410: "The session has ended.",
    413: "The body is over 64 KiB.",
    429: "Too many attempts; wait before the next.",
    503: "The database does not answer in time; repeat the request.",
}
_ALSO_OF_THE_GATEWAY = frozenset({400, 404, 413, 429, 503})
_REFUSAL = {
    "type": "object",
    "description": "Why something was refused, in allauth's shape.",
    "properties": {
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "message": {"type": "string", "description": "For people."},
                    "code": {"type": "string", "description": "What to program against."},
                    "param": {"type": "string", "description": "The member that is wrong."},
                },
                "required": ["message", "code"],
            },
        },
    },
    "required": ["status"],
}
_PROBLEM = {"schema": {"$ref": f"{_REF}schemas/Problem"}}
_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": "X-Session-Token",
    "description": "`meta.session_token` of the sign-in; an access token does as well.",
}
_KEY = {
    "kty": "RSA",
    "kid": "dZYbpxf4Y_a6UN8d7-7YAlHstk5vQalfI4kwMU03zVY",
    "use": "sig",
    "alg": "RS256",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4",
    "e": "AQAB",
}


def add_auth_routes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Put allauth's routes before ours, and the public keys after them."""
    spec = _spec()
    components = result["components"]
    used = _used_components(spec)
    for response in used["responses"].values():
        response["headers"] = REQUEST_ID
    for kind, named in used.items():
        components[kind] = {**components.get(kind, {}), **dict(sorted(named.items()))}
    components["schemas"]["AuthRefusal"] = _REFUSAL
    components["securitySchemes"]["session"] = _SCHEME
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            _complete(operation, _public(path), method, components)
    routes = {_public(path): item for path, item in spec["paths"].items()}
    result["paths"] = {**routes, **result["paths"], "/.well-known/jwks.json": {"get": _jwks()}}
    return result


def _spec() -> dict[str, Any]:
    """What allauth says of the routes that clients reach."""
    # `get_schema` itself asks for the address of allauth's own page, which we do not serve.
    source = files("allauth.headless.spec") / "doc" / "openapi.yaml"
    spec: dict[str, Any] = yaml.safe_load(source.read_text("utf-8"))
    allauth_schema.specify_user(spec)
    # allauth makes up another example at every call.
    spec["components"]["schemas"]["User"]["properties"]["id"]["example"] = _USER_ID
    spec["components"]["examples"]["User"]["value"]["id"] = _USER_ID
    allauth_schema.pin_client(spec)
    allauth_schema.drop_unused_client_parameter(spec)
    allauth_schema.drop_unused_paths(spec)
    allauth_schema.specify_signup_fields(spec)
    spec["paths"] = {path: item for path, item in spec["paths"].items() if _is_public(path)}
    for kind, named in spec["components"].items():
        spec["components"][kind] = {f"Auth{name}": value for name, value in named.items()}
    return dict(_translated(spec))


def _is_public(path: str) -> bool:
    return path.startswith(_APP) and not any(f"/{word}" in path for word in _HIDDEN)


def _public(path: str) -> str:
    """Where the gateway has it."""
    return f"/api/v1/auth/{path.removeprefix(_APP).removeprefix('auth/')}"


def _translated(value: Any) -> Any:
    """The same in OpenAPI 3.1, with allauth's components named `Auth…` beside ours."""
    if isinstance(value, list):
        return [_translated(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _translated(one) for name, one in value.items() if name != "nullable"}
    if choices := changed.get("anyOf"):
        changed["anyOf"] = [one for one in choices if not _OTHER_NAMES & {*one.get("required", ())}]
    if isinstance(reference := value.get("$ref"), str):
        kind, _, name = reference.removeprefix(_REF).partition("/")
        changed["$ref"] = f"{_REF}{kind}/Auth{name}"
    return {"anyOf": [changed, {"type": "null"}]} if value.get("nullable") is True else changed


def _used_components(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Those components that the routes lead to, by kind and name."""
    used: dict[str, dict[str, Any]] = {}
    waiting = [*_references(spec["paths"]), _NOBODY]
    while waiting:
        kind, _, name = waiting.pop().removeprefix(_REF).partition("/")
        if name not in used.setdefault(kind, {}):
            used[kind][name] = spec["components"][kind][name]
            waiting += _references(used[kind][name])
    return used


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for one in value.values():
            yield from _references(one)


def _complete(
    operation: dict[str, Any], path: str, method: str, components: Mapping[str, Any]
) -> None:
    """Add what every operation of ours has: an id, who may, and what goes wrong."""
    words = path.removeprefix("/api/v1/").replace("-", "_").split("/")
    operation["operationId"] = "_".join([*words, method])
    operation["tags"] = ["auth"]
    operation["summary"] = operation["summary"].strip()
    operation.setdefault("description", operation["summary"])
    parameters = operation.pop("parameters", [])
    if named := [one for one in parameters if one.get("$ref") != _SESSION]:
        operation["parameters"] = named
    if len(named) < len(parameters):
        anybody: list[dict[str, Any]] = [] if "/auth/account/" in path else [{}]
        operation["security"] = [{"session": []}, {"bearer": []}, *anybody]
    who = {"401": {"$ref": _NOBODY}} if "security" in operation else {}
    answers = {**_of_the_gateway(), **who, **operation["responses"], **_refusals(operation)}
    if unknown := answers.get("401"):
        answers["401"] = _also_of_the_gateway(resolved({"components": components}, unknown))
    operation["responses"] = {status: answers[status] for status in sorted(answers)}


def _of_the_gateway() -> dict[str, Any]:
    return problem_responses(entry for entry in ALWAYS if entry.code != "not_acceptable")


def _also_of_the_gateway(response: Mapping[str, Any]) -> dict[str, Any]:
    """The same response, or a problem document: for an Authorization that nobody could read."""
    content = {**response["content"], PROBLEM_JSON: _PROBLEM}
    return {**response, "headers": dict(REQUEST_ID), "content": content}


def _refusals(operation: dict[str, Any]) -> dict[str, Any]:
    answers = {}
    for status, words in _REFUSALS.items():
        if status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE or "requestBody" in operation:
            answers[str(status)] = _refusal(status, words)
    return answers


def _refusal(status: int, words: str) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    error = {"message": f"{phrase}.", "code": phrase.lower().replace(" ", "_")}
    shape = {
        "schema": {"$ref": f"{_REF}schemas/AuthRefusal"},
        "examples": {"refused": {"value": {"status": status, "errors": [error]}}},
    }
    content: dict[str, Any] = {"application/json": shape}
    if status in _ALSO_OF_THE_GATEWAY:
        content[PROBLEM_JSON] = _PROBLEM
        words = f"{words} As a problem document where the gateway answers."
    return {"description": words, "headers": dict(REQUEST_ID), "content": content}


def _jwks() -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
        "required": ["keys"],
    }
    keys = {"schema": schema, "examples": {"one": {"value": {"keys": [_KEY]}}}}
    answer = {
        "description": "Every live key; two while one takes the place of the other.",
        "headers": dict(REQUEST_ID),
        "content": {"application/json": keys},
    }
    return {
        "operationId": "jwks_get",
        "summary": "Read the public keys",
        "description": "The keys that access tokens are verified with (RFC 7517), by `kid`.",
        "tags": ["auth"],
        "responses": {"200": answer, **_of_the_gateway()},
    }
