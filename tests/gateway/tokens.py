"""Tokens as `users` signs them."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NEXT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY_ID, NEXT_KEY_ID = "2026-01", "2026-02"


def jwks() -> dict[str, Any]:
    """The published keys; two may be live at once."""
    return {"keys": [_published(KEY, KEY_ID), _published(NEXT_KEY, NEXT_KEY_ID)]}


def _published(key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return public | {"kid": key_id, "use": "sig", "alg": "RS256"}


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


def token(
    *, key: Any = KEY, alg: str = "RS256", headers: dict[str, Any] | None = None, **changes: Any
) -> str:
    """A signed token; `changes` go into the claims, `headers` into the header."""
    return jwt.encode(claims(**changes), key, alg, headers={"kid": KEY_ID} | (headers or {}))
