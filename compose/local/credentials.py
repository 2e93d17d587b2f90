"""Generated passwords and keys of one stack; there are no defaults to guess."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from compose.local.stack import SERVICES, Stack

DEMO_STAFF = ("support", "operator", "controller", "auditor")
DEMO_ACCOUNTS = ("alice", "bob", "treasury", "admin", *DEMO_STAFF)


def _long() -> str:
    return secrets.token_urlsafe(48)


def _typable() -> str:
    return secrets.token_urlsafe(12)


def _wanted() -> dict[str, Callable[[], str]]:
    names: dict[str, Callable[[], str]] = {}
    for service in SERVICES:
        names[f"{service}_secret_key"] = _long
        names[f"{service}_peer_secret"] = _long
        names[f"{service}_mfa_secret"] = _long
        for role in ("postgres", "owner", "app", "readonly"):
            names[f"{service}_{role}_password"] = _long
    names["staff_sign_on_secret"] = _long
    return names | {f"demo_{account}_password": _typable for account in DEMO_ACCOUNTS}


def path_of(stack: Stack) -> Path:
    """Return the file that only its owner may read."""
    return stack.local_dir / "credentials.json"


def load(stack: Stack) -> dict[str, str]:
    """Return the stack's credentials; what is missing is made and kept."""
    path = path_of(stack)
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = {name: make() for name, make in _wanted().items() if name not in kept}
    if missing:
        kept |= missing
        _write(path, json.dumps(kept, indent=1))
    return kept


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole, so that a killed process leaves the old one."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
