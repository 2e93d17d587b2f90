# ruff: noqa: ARG005  every forger is given the same two things
"""Access tokens that are not ours, by every known trick, are all 401 (A4, A5)."""

import base64
import json
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from common.ids import uuid7
from tests.users.conftest import TRANSACTIONS, pem_make
from users.identity.signing_keys import key_load

pytestmark = pytest.mark.django_db

PROFILE = "/api/v1/users/me"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forge:
    """Makes tokens; what is not said is right, and None leaves a member out."""

    def __init__(self, key_path: Path, user_id: object) -> None:
        self.key = key_load(key_path)
        self.user_id = user_id
        self.public_pem = self.key.public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def claims(self, **members: object) -> dict[str, object]:
        now = int(time.time())
        right = {
            "iss": "notion-users",
            "aud": "notion-api",
            "sub": str(self.user_id),
            "sid": str(uuid7()),
            "jti": str(uuid7()),
            "iat": now,
            "exp": now + 300,
            "role": "user",
            "typ": "access",
        }
        return {name: value for name, value in (right | members).items() if value is not None}

    def sign(self, *, key=None, algorithm="RS256", headers=None, **members: object) -> str:
        return jwt.encode(
            self.claims(**members),
            key or self.key.private,
            algorithm=algorithm,
            headers={"kid": self.key.kid, **(headers or {})},
        )

    def raw(self, header: bytes, payload: bytes, signature: bytes | None = None) -> str:
        """A token of exactly these bytes, rightly signed unless told otherwise."""
        signed = f"{b64(header)}.{b64(payload)}"
        if signature is None:
            algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
            signature = algorithm.sign(signed.encode(), self.key.private)
        return f"{signed}.{b64(signature)}"


@pytest.fixture
def forge(alice, signing_keys) -> Forge:
    return Forge(signing_keys / "1.pem", alice.id)


@pytest.fixture
def stranger(tmp_path):
    path = tmp_path / "stranger.pem"
    path.write_bytes(pem_make())
    return key_load(path)


def swap(token: str, part: int, text: str) -> str:
    parts = token.split(".")
    parts[part] = text
    return ".".join(parts)


def header_of(forge: Forge, **members: object) -> bytes:
    known = {"alg": "RS256", "typ": "JWT", "kid": forge.key.kid} | members
    return json.dumps({k: v for k, v in known.items() if v is not None}).encode()


def body_of(forge: Forge, **members: object) -> bytes:
    return json.dumps(forge.claims(**members)).encode()


def hmac_with_public_key(forge: Forge, kid: str) -> str:
    signed = f"{b64(header_of(forge, alg='HS256', kid=kid))}.{b64(body_of(forge))}"
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{signed}.{b64(algorithm.sign(signed.encode(), forge.public_pem))}"


_EC = ec.generate_private_key(ec.SECP256R1())
_ED = ed25519.Ed25519PrivateKey.generate()
_PAST = int(time.time()) - 3600
_FUTURE = int(time.time()) + 3600

FORGED = {
    "nothing": lambda f, s: "",
    "a word": lambda f, s: "token",
    "two parts": lambda f, s: f.sign().rpartition(".")[0],
    "four parts": lambda f, s: f.sign() + ".x",
    "five parts": lambda f, s: f.sign() + ".x.y",
    "dots": lambda f, s: "..",
    "no signature": lambda f, s: swap(f.sign(), 2, ""),
    "not base64": lambda f, s: swap(f.sign(), 1, "@@@"),
    "not JSON": lambda f, s: f.raw(header_of(f), b"{"),
    "a list": lambda f, s: f.raw(header_of(f), b"[]"),
    "no claims": lambda f, s: f.raw(header_of(f), b"{}"),
    "header no JSON": lambda f, s: f.raw(b"{", body_of(f)),
    "header a list": lambda f, s: f.raw(b"[]", body_of(f)),
    "deep header": lambda f, s: f.raw(b'{"a":' * 400, body_of(f)),
    "oversized": lambda f, s: f.sign(extra="x" * 5000),
    "alg none": lambda f, s: f.raw(header_of(f, alg="none"), body_of(f), b""),
    "alg NonE": lambda f, s: f.raw(header_of(f, alg="NonE"), body_of(f), b""),
    "no alg": lambda f, s: f.raw(header_of(f, alg=None), body_of(f)),
    "alg a list": lambda f, s: f.raw(header_of(f, alg=["RS256"]), body_of(f)),
    "alg RS384": lambda f, s: f.sign(algorithm="RS384"),
    "alg PS256": lambda f, s: f.sign(algorithm="PS256"),
    "alg HS256 with the public key": lambda f, s: hmac_with_public_key(f, f.key.kid),
    "alg HS256 with a word": lambda f, s: f.sign(key="x" * 64, algorithm="HS256"),
    "alg ES256": lambda f, s: f.sign(key=_EC, algorithm="ES256"),
    "alg EdDSA": lambda f, s: f.sign(key=_ED, algorithm="EdDSA"),
    "strange key under our kid": lambda f, s: f.sign(key=s.private),
    "strange key under its kid": lambda f, s: f.sign(key=s.private, headers={"kid": s.kid}),
    "embedded key": lambda f, s: f.sign(key=s.private, headers={"jwk": s.jwk}),
    "jku": lambda f, s: f.sign(
        key=s.private, headers={"jku": "http://127.0.0.1/jwks", "kid": s.kid}
    ),
    "x5u": lambda f, s: f.sign(key=s.private, headers={"x5u": "http://127.0.0.1/x", "kid": s.kid}),
    "x5c": lambda f, s: f.sign(key=s.private, headers={"x5c": ["MIIB"], "kid": s.kid}),
    "no kid": lambda f, s: f.raw(header_of(f, kid=None), body_of(f)),
    "empty kid": lambda f, s: f.raw(header_of(f, kid=""), body_of(f)),
    "kid a number": lambda f, s: f.raw(header_of(f, kid=1), body_of(f)),
    "kid a path": lambda f, s: f.raw(header_of(f, kid="../../../dev/null"), body_of(f)),
    "kid of the file": lambda f, s: f.raw(header_of(f, kid="1.pem"), body_of(f)),
    "kid SQL": lambda f, s: f.raw(header_of(f, kid="x' OR '1'='1"), body_of(f)),
    "kid NUL": lambda f, s: f.raw(header_of(f, kid=f.key.kid + "\x00"), body_of(f)),
    "crit": lambda f, s: f.raw(header_of(f, crit=["exp"]), body_of(f)),
    "b64 false": lambda f, s: f.raw(header_of(f, b64=False, crit=["b64"]), body_of(f)),
    "tampered claims": lambda f, s: swap(f.sign(), 1, b64(body_of(f, role="treasury"))),
    "tampered signature": lambda f, s: swap(f.sign(), 2, b64(b"\x00" * 256)),
    "signature of another token": lambda f, s: swap(f.sign(), 2, f.sign().rpartition(".")[2]),
    "expired": lambda f, s: f.sign(exp=_PAST),
    "not yet valid": lambda f, s: f.sign(nbf=_FUTURE),
    "issued in the future": lambda f, s: f.sign(iat=_FUTURE, exp=_FUTURE + 300),
    "no exp": lambda f, s: f.sign(exp=None),
    "no iat": lambda f, s: f.sign(iat=None),
    "exp a word": lambda f, s: f.raw(header_of(f), body_of(f, exp="never")),
    "exp infinite": lambda f, s: f.raw(
        header_of(f), body_of(f, exp=1).replace(b'"exp": 1', b'"exp": Infinity')
    ),
    "other issuer": lambda f, s: f.sign(iss="somebody"),
    "no issuer": lambda f, s: f.sign(iss=None),
    "issuer a list": lambda f, s: f.raw(header_of(f), body_of(f, iss=["notion-users"])),
    "other audience": lambda f, s: f.sign(aud="other-api"),
    "audience a list": lambda f, s: f.sign(aud=["notion-api", "other-api"]),
    "no audience": lambda f, s: f.sign(aud=None),
    "no subject": lambda f, s: f.sign(sub=None),
    "subject no UUID": lambda f, s: f.sign(sub="alice"),
    "subject a number": lambda f, s: f.raw(header_of(f), body_of(f, sub=1)),
    "subject in braces": lambda f, s: f.sign(sub=f"{{{f.claims()['sub']}}}"),
    "exp digits": lambda f, s: f.raw(header_of(f), body_of(f, exp=str(_FUTURE))),
    "exp a fraction": lambda f, s: f.raw(header_of(f), body_of(f, exp=_FUTURE + 0.5)),
    "sid a list": lambda f, s: f.raw(header_of(f), body_of(f, sid=["x"])),
    "role unknown": lambda f, s: f.sign(role="admin"),
    "role a list": lambda f, s: f.raw(header_of(f), body_of(f, role=["treasury"])),
    "no jti": lambda f, s: f.sign(jti=None),
    "no sid": lambda f, s: f.sign(sid=None),
    "no role": lambda f, s: f.sign(role=None),
    "no typ": lambda f, s: f.sign(typ=None),
    "typ refresh": lambda f, s: f.sign(typ="refresh"),
    "typ a list": lambda f, s: f.raw(header_of(f), body_of(f, typ=["access"])),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_token_is_401(forge, stranger, anonymous, name):
    token = FORGED[name](forge, stranger)
    headers = {"Authorization": f"Bearer {token}"}

    for response in (
        anonymous.get(PROFILE, headers=headers),
        anonymous.get(TRANSACTIONS, headers=headers),
        anonymous.post(TRANSACTIONS, {}, format="json", headers=headers),
    ):
        assert response.status_code == 401, (response.status_code, response.content)
        assert response["Content-Type"] == "application/problem+json"


def test_right_token_is_let_in(forge, anonymous):
    """Or the table above would prove nothing."""
    response = anonymous.get(PROFILE, headers={"Authorization": f"Bearer {forge.sign()}"})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer a b"},
        {"Authorization": "Bearer \u00e9"},
        {"X-User-Id": "01980000-0000-7000-8000-000000000000"},
        {"X-Forwarded-User": "alice"},
        {"X-Jwt-Payload": "eyJzdWIiOiJhbGljZSJ9"},
    ],
)
def test_other_headers_identify_nobody(anonymous, headers):
    assert anonymous.get(PROFILE, headers=headers).status_code == 401


def test_token_in_the_query_identifies_nobody(forge, anonymous):
    assert anonymous.get(PROFILE, {"access_token": forge.sign()}).status_code == 401
