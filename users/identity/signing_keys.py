"""
The RSA keys that sign access tokens: PEM files in one folder, named after when they begin to sign.

All of them verify and are published; the last one whose time has come signs. A file that appears
is noticed within seconds, and at once when a token names a key that is not known yet. A name that
is no time is of a key that may always sign. `key_rotation` makes and removes them.
"""

import json
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

from common.api.token_keys import KeysUnavailable

_NAME = "%Y%m%dT%H%M%S%fZ"
_ALWAYS = datetime.min.replace(tzinfo=UTC)
_FRESH_S = 5.0
_RETRY_S = 1.0


class SigningKey(NamedTuple):
    """
    One key pair; `kid` is the thumbprint of its public half (RFC 7638).

    It signs from `signs_from` on, until the next key's time comes.
    """

    path: Path
    signs_from: datetime
    kid: str
    private: RSAPrivateKey
    public: RSAPublicKey
    jwk: dict[str, Any]


class _Stamp(NamedTuple):
    """A file as it was: another one in its place has another number or time."""

    path: Path
    number: int
    written_at_ns: int


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return _Stamp(path, status.st_ino, status.st_mtime_ns)


class KeyFolder:
    """The keys of one folder, in the order in which they sign."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._loaded: dict[_Stamp, SigningKey] = {}
        self._keys: Sequence[SigningKey] = ()
        self._read_at = -_FRESH_S

    def keys(self, *, older_than_s: float = _FRESH_S) -> Sequence[SigningKey]:
        """The keys, read again when what we know is older than that."""
        with self._lock:
            if not self._keys or time.monotonic() - self._read_at >= older_than_s:
                self._keys = self._look()
                self._read_at = time.monotonic()
            return self._keys

    def _look(self) -> Sequence[SigningKey]:
        """Read the files that are new or changed: to load a private key takes 50 ms, checked."""
        loaded = {}
        for path in sorted(self._folder.glob("*.pem")):
            with suppress(FileNotFoundError):  # it retired just now
                stamp = _stamp(path)
                loaded[stamp] = self._loaded.get(stamp) or key_load(path)
        self._loaded = loaded
        # A stable sort by time: keys without one keep the order of their names, before the others.
        return sorted(loaded.values(), key=lambda key: key.signs_from)


class LocalKeys:
    """The `TokenKeys` of the service that has the private keys itself."""

    def find(self, kid: str) -> RSAPublicKey | None:
        """The public key of that id, or None. Raises `KeysUnavailable` when there is no key."""
        for older_than_s in (_FRESH_S, _RETRY_S):
            for key in live_keys(older_than_s=older_than_s):
                if key.kid == kid:
                    return key.public
        return None


def live_keys(*, older_than_s: float = _FRESH_S) -> Sequence[SigningKey]:
    """
    Every key that verifies.

    Raises `KeysUnavailable` when there is none: `manage.py create_signing_key` makes one.
    """
    keys = _folder(settings.SIGNING_KEYS_DIR).keys(older_than_s=older_than_s)
    if not keys:
        raise KeysUnavailable
    return keys


def keys_read() -> Sequence[SigningKey]:
    """The keys as the folder has them now. Raises `KeysUnavailable` when there is none."""
    return live_keys(older_than_s=0)


def signing_key(*, at: datetime) -> SigningKey:
    """The key that signs at that moment. Raises `KeysUnavailable` when there is none."""
    return key_of_turn(live_keys(), at=at)


def key_of_turn(keys: Sequence[SigningKey], *, at: datetime) -> SigningKey:
    """The last key whose time has come, of keys in order; the first, should none have come."""
    return next((key for key in reversed(keys) if key.signs_from <= at), keys[0])


@cache
def _folder(path: str) -> KeyFolder:
    return KeyFolder(Path(path))


def _signs_from(path: Path) -> datetime:
    try:
        return datetime.strptime(path.stem, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return _ALWAYS


def key_load(path: Path) -> SigningKey:
    """Read one private key. Raises `ValueError` when the file holds anything else."""
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, RSAPrivateKey):
        raise ValueError(f"{path.name} is not an RSA private key")  # noqa: TRY004  a bad value in a file
    public = private.public_key()
    numbers = RSAAlgorithm.to_jwk(public, as_dict=True)
    kid = thumbprint(numbers)
    jwk = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid} | {
        name: numbers[name] for name in ("n", "e")
    }
    return SigningKey(
        path=path, signs_from=_signs_from(path), kid=kid, private=private, public=public, jwk=jwk
    )


def thumbprint(jwk: dict[str, Any]) -> str:
    """Name an RSA key by itself (RFC 7638): a digest of the members that make it the key."""
    members = json.dumps(
        {name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"), sort_keys=True
    )
    return base64url_encode(sha256(members.encode()).digest()).decode()
