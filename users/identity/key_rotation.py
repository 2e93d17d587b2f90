"""
Signing keys one after the other, so that no token is ever refused for being signed too early.

A key's file is named after the moment from which on it signs. That lies in the future when the
file appears, by as long as anybody may keep an older list of keys; so every process changes keys
at the same moment, without asking another. The old key stays published until its last token has
expired. At most two keys live at once.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

from users.identity.signing_keys import SigningKey, key_of_turn, keys_read

_BITS = 3072
_SKEW = timedelta(seconds=60)
"""By how much clocks of processes may differ, with the leeway that verifiers give."""


class KeyStanding(NamedTuple):
    """What a key does: `announced`, `signing` or `verifying`; when that ends, where it is known."""

    key: SigningKey
    state: str
    until: datetime | None


def key_make(*, signs_from: datetime) -> Path:
    """Write a new key, of which only its owner reads the file, into the folder."""
    path = Path(settings.SIGNING_KEYS_DIR) / f"{signs_from.astimezone(UTC):%Y%m%dT%H%M%S%fZ}.pem"
    _write_private(path, _new_pem())
    return path


def signing_key_rotate(*, at: datetime) -> Path | None:
    """
    Announce the next key; None while another rotation is under way, which changes nothing.

    Raises `KeysUnavailable` when there is no key to follow.
    """
    with _alone():
        _retire(at=at)
        if len(keys_read()) > 1:
            return None
        announced = timedelta(seconds=settings.SIGNING_KEY_ANNOUNCE_S)
        return key_make(signs_from=at + announced)


def signing_key_retire(*, at: datetime) -> Path | None:
    """Remove the old key once its last token has expired; None when there is none to remove."""
    with _alone():
        return _retire(at=at)


def key_standings(*, at: datetime) -> list[KeyStanding]:
    """Every key, oldest first, and what it does at that moment."""
    keys = keys_read()
    turn = key_of_turn(keys, at=at)
    standings = []
    for place, key in enumerate(keys):
        following = keys[place + 1].signs_from if place + 1 < len(keys) else None
        if key is turn:
            standings.append(KeyStanding(key, "signing", following))
        elif key.signs_from > at:
            standings.append(KeyStanding(key, "announced", key.signs_from))
        else:
            standings.append(KeyStanding(key, "verifying", _retires_at(following)))
    return standings


def _retire(*, at: datetime) -> Path | None:
    for standing in key_standings(at=at):
        if standing.state == "verifying" and standing.until and standing.until <= at:
            standing.key.path.unlink()
            return standing.key.path
    return None


def _retires_at(successor_signs_from: datetime | None) -> datetime | None:
    if successor_signs_from is None:
        return None
    return successor_signs_from + timedelta(seconds=settings.ACCESS_TOKEN_LIFETIME_S) + _SKEW


@contextmanager
def _alone() -> Iterator[None]:
    """Keep two rotations apart, of whatever processes share the folder."""
    with (Path(settings.SIGNING_KEYS_DIR) / ".rotation").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _new_pem() -> bytes:
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads; it has its final name only when it is complete."""
    part = path.with_suffix(f".{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
