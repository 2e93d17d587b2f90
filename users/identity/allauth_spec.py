"""allauth's own description in OpenAPI 3.1: what our settings and views leave of it."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import yaml
from allauth.headless.spec.internal import schema as allauth_schema

from users.identity.auth_words import ANSWERS, BODIES, IN_EXAMPLES, SCHEMAS

_APP = "/_allauth/app/v1/"
_HIDDEN = ("phone", "config", "code", "resend")
_USER_ID = "0198c0de-1a00-7000-8000-00000000a11c"
_OTHER_NAMES = frozenset({"username", "phone"})
"""allauth can find people by them; we keep e-mail addresses only."""
_OTHER_WAYS = "provider_"
"""Ways in by accounts elsewhere, which allauth's examples have."""
_REF = "#/components/"
SESSION = f"{_REF}parameters/AuthSessionToken"
NOBODY = f"{_REF}responses/AuthAuthentication"


def allauth_spec() -> dict[str, Any]:
    """What allauth says of the routes that clients reach; its components are named `Auth…`."""
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
    translated: dict[str, Any] = _translated(spec)
    _say_it_ourselves(translated["components"])
    return translated


def public_path(path: str) -> str:
    """Where the gateway has it."""
    return f"/api/v1/auth/{path.removeprefix(_APP).removeprefix('auth/')}"


def used_components(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Those components that the routes and our own words lead to, by kind and name."""
    used: dict[str, dict[str, Any]] = {}
    waiting = [*_references(spec["paths"]), *_references(dict(ANSWERS)), NOBODY]
    while waiting:
        kind, _, name = waiting.pop().removeprefix(_REF).partition("/")
        if name not in used.setdefault(kind, {}):
            used[kind][name] = spec["components"][kind][name]
            waiting += _references(used[kind][name])
    return used


def _is_public(path: str) -> bool:
    return path.startswith(_APP) and not any(f"/{word}" in path for word in _HIDDEN)


def _translated(value: Any) -> Any:
    """The same in OpenAPI 3.1, without what nobody can do here."""
    if isinstance(value, list):
        return [_translated(one) for one in value if not _is_other_way(one)]
    if isinstance(value, str):
        return IN_EXAMPLES.get(value, value)
    if not isinstance(value, dict):
        return value
    changed = {
        # Some answers match two of allauth's choices, which `oneOf` forbids.
        "anyOf" if name == "oneOf" else name: _translated(one)
        for name, one in value.items()
        if name != "nullable" and _OTHER_WAYS not in name
    }
    if choices := changed.get("anyOf"):
        changed["anyOf"] = [one for one in choices if not _OTHER_NAMES & {*one.get("required", ())}]
    if isinstance(reference := value.get("$ref"), str):
        kind, _, name = reference.removeprefix(_REF).partition("/")
        changed["$ref"] = f"{_REF}{kind}/Auth{name}"
    return {"anyOf": [changed, {"type": "null"}]} if value.get("nullable") is True else changed


def _is_other_way(value: Any) -> bool:
    """Whether it is a flow in an example that we do not have."""
    return isinstance(value, dict) and str(value.get("id", "")).startswith(_OTHER_WAYS)


def _say_it_ourselves(components: dict[str, Any]) -> None:
    components["schemas"] |= SCHEMAS
    for name, body in BODIES.items():
        shape = components["requestBodies"][name]["content"]["application/json"]
        shape["examples"] = {"body": {"value": body}}
    for example in components["examples"].values():
        meta = example["value"].get("meta", {})
        if "access_token" in meta:
            meta["refresh_token"] = components["schemas"]["AuthRefreshToken"]["example"]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for one in value.values():
            yield from _references(one)
