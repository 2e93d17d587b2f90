"""
The routes below /api/v1/auth as OpenAPI: allauth's own description, at the gateway's addresses.

allauth ships what it answers (`allauth_spec`). We say it in our own words (`auth_words`), and add
what our strict loader and the gateway answer before it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from common.api.catalogue import BY_STATUS, PROBLEM_JSON
from common.api.openapi import ALWAYS, REQUEST_ID, problem_responses
from common.api_documents.description import resolved
from users.identity.allauth_spec import NOBODY, SESSION, allauth_spec, public_path, used_components
from users.identity.auth_words import ANSWERS, TEXTS
from users.identity.jwks import discovery_document

_REF = "#/components/"

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
    """Put allauth's routes before ours, and what verifies tokens after them."""
    spec = allauth_spec()
    components = result["components"]
    used = used_components(spec)
    for response in used["responses"].values():
        response["headers"] = REQUEST_ID
    for kind, named in used.items():
        components[kind] = {**components.get(kind, {}), **dict(sorted(named.items()))}
    components["schemas"]["AuthRefusal"] = _REFUSAL
    components["securitySchemes"]["session"] = _SCHEME
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            _complete(operation, public_path(path), method, components)
    routes = {public_path(path): item for path, item in spec["paths"].items()}
    keys = {
        "/.well-known/jwks.json": {"get": _jwks()},
        "/.well-known/openid-configuration": {"get": _discovery()},
    }
    result["paths"] = {**routes, **result["paths"], **keys}
    return result


def _complete(
    operation: dict[str, Any], path: str, method: str, components: Mapping[str, Any]
) -> None:
    """Add what every operation of ours has: an id, our words, who may, and what goes wrong."""
    words = path.removeprefix("/api/v1/").replace("-", "_").split("/")
    operation["operationId"] = "_".join([*words, method])
    operation["tags"] = ["auth"]
    operation["summary"] = operation["summary"].strip()
    operation["description"] = TEXTS[operation["operationId"]]
    parameters = operation.pop("parameters", [])
    if named := [one for one in parameters if one.get("$ref") != SESSION]:
        operation["parameters"] = named
    if len(named) < len(parameters):
        anybody: list[dict[str, Any]] = [] if "/auth/account/" in path else [{}]
        operation["security"] = [{"session": []}, {"bearer": []}, *anybody]
    who = {"401": {"$ref": NOBODY}} if "security" in operation else {}
    its_own = {**who, **operation["responses"], **ANSWERS.get(operation["operationId"], {})}
    refusals = _refusals(operation)
    for status in its_own.keys() & {"401", *refusals}:
        answer = resolved({"components": components}, its_own[status])
        its_own[status] = _also(answer, refusals.get(status))
    answers = {**_of_the_gateway(), **refusals, **its_own}
    operation["responses"] = {status: answers[status] for status in sorted(answers)}


def _of_the_gateway() -> dict[str, Any]:
    """401 also where nobody need be known: for an Authorization that cannot be read."""
    always = (entry for entry in ALWAYS if entry.code != "not_acceptable")
    return problem_responses([*always, BY_STATUS[HTTPStatus.UNAUTHORIZED]])


def _also(response: Mapping[str, Any], refusal: Mapping[str, Any] | None) -> dict[str, Any]:
    """
    What an operation answers with a status, or the refusal that every one may answer with it.

    Without a refusal it is 401, which is a problem document for an Authorization that the gateway
    could not read.
    """
    headers, content = dict(REQUEST_ID), response["content"]
    if refusal is None:
        return {**response, "headers": headers, "content": {**content, PROBLEM_JSON: _PROBLEM}}
    own, other = (one["application/json"] for one in (content, refusal["content"]))
    shape = {
        "schema": {"anyOf": [own["schema"], other["schema"]]},
        "examples": {**own.get("examples", {}), **other["examples"]},
    }
    words = f"{response['description'].strip()} Or: {refusal['description']}"
    content = {**refusal["content"], "application/json": shape}
    return {"description": words, "headers": headers, "content": content}


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
    return {
        "operationId": "jwks_get",
        "summary": "Read the public keys",
        "description": "The keys that access tokens are verified with (RFC 7517), by `kid`.",
        "tags": ["auth"],
        "responses": _found(
            "Every live key; two while one takes the place of the other.", schema, {"keys": [_KEY]}
        ),
    }


def _discovery() -> dict[str, Any]:
    document = discovery_document()
    texts = {"type": "array", "items": {"type": "string"}}
    members = {
        name: texts if isinstance(value, list) else {"type": "string"}
        for name, value in document.items()
    }
    schema = {"type": "object", "properties": members, "required": [*members]}
    return {
        "operationId": "openid_configuration_get",
        "summary": "Read how to verify tokens",
        "description": "Who issues access tokens, where the keys are, and what tokens say: the"
        " part of OpenID Connect Discovery that verifying takes.",
        "tags": ["auth"],
        "responses": _found("How to verify tokens.", schema, document),
    }


def _found(words: str, schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "examples": {"one": {"value": example}}}}
    answer = {"description": words, "headers": dict(REQUEST_ID), "content": content}
    return {"200": answer, **_of_the_gateway()}
