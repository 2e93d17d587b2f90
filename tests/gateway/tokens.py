"""Tokens as `users` signs them, and the ones it never would."""

import base64
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY_ID = "2026-01"
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwks() -> dict[str, Any]:
    """The published keys."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    return {"keys": [public | {"kid": KEY_ID, "use": "sig", "alg": "RS256"}]}


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good access token; a change to `None` leaves the claim out."""
    now = int(time.time())
    good = {
        "iss": "notion-users",
        "aud": "notion-api",
        "sub": "018f6b1e-7b7e-7c3e-9a51-5b0f6f1d2c3a",
        "sid": "s",
        "jti": "j",
        "iat": now,
        "exp": now + 300,
        "role": "user",
        "typ": "access",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(*, key: Any = KEY, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """A signed token; `changes` go into the claims, `headers` into the header."""
    return jwt.encode(claims(**changes), key, "RS256", headers={"kid": KEY_ID} | (headers or {}))


def forged(header: dict[str, Any], *, signature: bytes = b"", **changes: Any) -> str:
    """A token with any header and signature."""
    parts = [json.dumps(header).encode(), json.dumps(claims(**changes)).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
