# ruff: noqa: ARG005  every forger is given the same two things
"""
Access tokens that are not ours, by every known trick (RFC 8725): all of them are 401.

One corpus, held against each service by itself, against the gateway before recording services,
and against the whole stack.
"""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from common.ids import uuid7


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Mint:
    """Makes tokens with one key; what is not said is right, and None leaves a member out."""

    def __init__(self, private: rsa.RSAPrivateKey, kid: str, subject: object) -> None:
        self.private = private
        self.kid = kid
        self.subject = str(subject)

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def public_der(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def jwk(self) -> dict[str, Any]:
        known = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**known, "kid": self.kid, "use": "sig", "alg": "RS256"}

    def claims(self, **members: object) -> dict[str, object]:
        now = int(time.time())
        right = {
            "iss": "notion-users",
            "aud": "notion-api",
            "sub": self.subject,
            "sid": str(uuid7()),
            "jti": str(uuid7()),
            "iat": now,
            "exp": now + 300,
            "role": "user",
            "typ": "access",
        }
        return {name: value for name, value in (right | members).items() if value is not None}

    def header(self, **members: object) -> bytes:
        known = {"alg": "RS256", "typ": "JWT", "kid": self.kid} | members
        return json.dumps({k: v for k, v in known.items() if v is not None}).encode()

    def body(self, **members: object) -> bytes:
        return json.dumps(self.claims(**members)).encode()

    def sign(self, **members: object) -> str:
        """A token with these claims, rightly signed."""
        return self.raw(self.header(), self.body(**members))

    def headed(self, **members: object) -> str:
        """A token with these members of the header, rightly signed."""
        return self.raw(self.header(**members), self.body())

    def raw(self, header: bytes, payload: bytes, signature: bytes | None = None) -> str:
        """A token of exactly these bytes, rightly signed unless told otherwise."""
        signed = f"{base64url(header)}.{base64url(payload)}"
        if signature is None:
            signature = rs256(signed, self.private)
        return f"{signed}.{base64url(signature)}"

    def other(self, algorithm: str, key: Any = None, **headers: object) -> str:
        """A token of another algorithm, signed by its rules."""
        known = {"kid": self.kid} | headers
        return jwt.encode(self.claims(), key or self.private, algorithm=algorithm, headers=known)

    def confused(self, secret: bytes, algorithm: str = "HS256") -> str:
        """HMAC with something public as the secret."""
        signed = f"{base64url(self.header(alg=algorithm))}.{base64url(self.body())}"
        hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        return f"{signed}.{base64url(hmac.sign(signed.encode(), secret))}"


def rs256(signed: str, key: rsa.RSAPrivateKey) -> bytes:
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return algorithm.sign(signed.encode(), key)


def mint_of_a_stranger(subject: object) -> Mint:
    """A key that nobody published."""
    return Mint(rsa.generate_private_key(public_exponent=65537, key_size=2048), "stranger", subject)


def _swap(token: str, part: int, text: str) -> str:
    parts = token.split(".")
    parts[part] = text
    return ".".join(parts)


def _flip(token: str, part: int) -> str:
    """One character of a part is another."""
    text = token.split(".")[part]
    return _swap(token, part, ("B" if text[0] == "A" else "A") + text[1:])


def _last_bits(token: str) -> str:
    """The same signature, spelt otherwise: bits are set that belong to no byte."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _standard_alphabet(mint: Mint) -> str:
    """The same token in the alphabet of RFC 4648, section 4, which is not that of JWS."""
    while "-" not in (token := mint.sign()) and "_" not in token:
        pass
    return token.replace("-", "+").replace("_", "/")


def _spliced(mint: Mint) -> str:
    return _swap(mint.sign(), 2, mint.sign().rpartition(".")[2])


def _said_twice(mint: Mint, name: str, value: object) -> str:
    """A claim is there twice, the last time as it should be."""
    first = json.dumps({name: value}).encode()[:-1]
    return mint.raw(mint.header(), first + b"," + mint.body()[1:])


def _claim(mint: Mint, name: str, text: str) -> str:
    """A claim whose value is exactly this text."""
    body = mint.body(**{name: "HERE"}).replace(b'"HERE"', text.encode())
    return mint.raw(mint.header(), body)


_EC = ec.generate_private_key(ec.SECP256R1())
_ED = ed25519.Ed25519PrivateKey.generate()
_PAST = int(time.time()) - 3600
_FUTURE = int(time.time()) + 3600
_EMPTY_SIGNATURE = b""
_CLAIMS = ("exp", "iat", "iss", "aud", "sub", "jti", "sid", "role", "typ")

Forger = Callable[[Mint, Mint], str]
"""Makes a token, given the mint whose key is published and one whose key is not."""

SHAPES: dict[str, Forger] = {
    "nothing": lambda m, s: "",
    "a word": lambda m, s: "token",
    "words": lambda m, s: "let me in",
    "a refresh token": lambda m, s: base64url(b"\x17" * 32),
    "a session token": lambda m, s: "k3a0y5v1h7d2q9w8e6r4t0u1i2o3p4a5",
    "one part": lambda m, s: m.sign().partition(".")[0],
    "two parts": lambda m, s: m.sign().rpartition(".")[0],
    "four parts": lambda m, s: m.sign() + ".x",
    "five parts": lambda m, s: m.sign() + ".x.y",
    "dots": lambda m, s: "..",
    "a dot before": lambda m, s: "." + m.sign(),
    "a dot after": lambda m, s: m.sign() + ".",
    "no header": lambda m, s: _swap(m.sign(), 0, ""),
    "no payload": lambda m, s: _swap(m.sign(), 1, ""),
    "no signature": lambda m, s: _swap(m.sign(), 2, ""),
    "half a signature": lambda m, s: m.sign()[:-170],
    "more signature": lambda m, s: m.sign() + "AAAA",
    "a signature of zeros": lambda m, s: _swap(m.sign(), 2, base64url(b"\x00" * 256)),
    "not base64": lambda m, s: _swap(m.sign(), 1, "@@@"),
    "percent signs": lambda m, s: "%%%.%%%.%%%",
    "quoted": lambda m, s: f'"{m.sign()}"',
    "in brackets": lambda m, s: f"<{m.sign()}>",
    "padded": lambda m, s: m.sign() + "==",
    "padded inside": lambda m, s: m.sign().replace(".", "=.", 1),
    "standard alphabet": lambda m, s: _standard_alphabet(m),
    "junk in the signature": lambda m, s: m.sign()[:-9] + "!" + m.sign()[-9:],
    "spare bits of the signature": lambda m, s: _last_bits(m.sign()),
    "a percent escape": lambda m, s: m.sign().replace(".", "%2E"),
    "a space inside": lambda m, s: m.sign().replace(".", ". ", 1),
    "something after it": lambda m, s: m.sign() + " more",
    "something before it": lambda m, s: "x " + m.sign(),
    "a comma after it": lambda m, s: m.sign() + ",",
    "twice": lambda m, s: f"{m.sign()},{m.sign()}",
    "not ASCII": lambda m, s: m.sign() + "\u00e9",
    "oversized": lambda m, s: m.sign(extra="x" * 5000),
    "JSON": lambda m, s: m.body().decode(),
    "header no JSON": lambda m, s: m.raw(b"{", m.body()),
    "header a list": lambda m, s: m.raw(b"[]", m.body()),
    "header a string": lambda m, s: m.raw(b'"RS256"', m.body()),
    "header null": lambda m, s: m.raw(b"null", m.body()),
    "deep header": lambda m, s: m.raw(b'{"a":' * 400, m.body()),
    "payload no JSON": lambda m, s: m.raw(m.header(), b"{"),
    "payload a list": lambda m, s: m.raw(m.header(), b"[]"),
    "payload null": lambda m, s: m.raw(m.header(), b"null"),
    "payload of bytes": lambda m, s: m.raw(m.header(), b"\xff\xfe\x00"),
    "no claims": lambda m, s: m.raw(m.header(), b"{}"),
    "deep claims": lambda m, s: m.raw(m.header(), m.body()[:-1] + b',"a":' + b"[" * 500),
}  # fmt: skip

KEYS: dict[str, Forger] = {
    "alg none": lambda m, s: m.raw(m.header(alg="none"), m.body(), _EMPTY_SIGNATURE),
    "alg None": lambda m, s: m.raw(m.header(alg="None"), m.body(), _EMPTY_SIGNATURE),
    "alg NONE": lambda m, s: m.raw(m.header(alg="NONE"), m.body(), _EMPTY_SIGNATURE),
    "alg nOnE and a signature": lambda m, s: m.headed(alg="nOnE"),
    "alg none and no kid": lambda m, s: m.raw(b'{"alg":"none"}', m.body(), _EMPTY_SIGNATURE),
    "no alg": lambda m, s: m.headed(alg=None),
    "empty alg": lambda m, s: m.headed(alg=""),
    "alg a number": lambda m, s: m.headed(alg=256),
    "alg a list": lambda m, s: m.headed(alg=["RS256"]),
    "alg in lower case": lambda m, s: m.headed(alg="rs256"),
    "alg and a space": lambda m, s: m.headed(alg="RS256 "),
    "alg RS384": lambda m, s: m.other("RS384"),
    "alg RS512": lambda m, s: m.other("RS512"),
    "alg PS256": lambda m, s: m.other("PS256"),
    "alg ES256": lambda m, s: m.other("ES256", _EC),
    "alg EdDSA": lambda m, s: m.other("EdDSA", _ED),
    "ES256 under the name RS256": lambda m, s: m.raw(
        m.header(), m.body(), base64.urlsafe_b64decode(
            m.other("ES256", _EC).rpartition(".")[2] + "==")
    ),
    "HS256 with the public key": lambda m, s: m.confused(m.public_pem),
    "HS256 with the public key and no newline": lambda m, s: m.confused(m.public_pem.strip()),
    "HS256 with the public key in DER": lambda m, s: m.confused(m.public_der),
    "HS256 with the modulus": lambda m, s: m.confused(m.jwk["n"].encode()),
    "HS256 with the published key": lambda m, s: m.confused(json.dumps(m.jwk).encode()),
    "HS256 with the key id": lambda m, s: m.confused(m.kid.encode()),
    "HS256 with nothing": lambda m, s: m.confused(b""),
    "HMAC under the name RS256": lambda m, s: m.confused(m.public_pem, "RS256"),
    "another key under our kid": lambda m, s: Mint(s.private, m.kid, m.subject).sign(),
    "another key under its kid": lambda m, s: s.sign(),
    "another key, embedded": lambda m, s: s.headed(jwk=s.jwk),
    "another key, embedded under our kid": lambda m, s: Mint(
        s.private, m.kid, m.subject).headed(jwk=s.jwk),
    "another key, at an address": lambda m, s: s.headed(jku="http://127.0.0.1:9/jwks"),
    "another key, in a certificate": lambda m, s: s.headed(x5c=["MIIB"], x5t="AAAA"),
    "another key, in a certificate elsewhere": lambda m, s: s.headed(x5u="http://127.0.0.1:9/x"),
    "no kid": lambda m, s: s.headed(kid=None),
    "empty kid": lambda m, s: s.headed(kid=""),
    "kid null": lambda m, s: s.raw(s.header(kid="HERE").replace(b'"HERE"', b"null"), s.body()),
    "kid a number": lambda m, s: s.headed(kid=0),
    "kid a list": lambda m, s: s.headed(kid=[m.kid]),
    "kid an object": lambda m, s: s.headed(kid={"kid": m.kid}),
    "kid true": lambda m, s: s.headed(kid=True),
    "kid a path": lambda m, s: s.headed(kid="../../../../dev/null"),
    "kid of the file": lambda m, s: s.headed(kid="1.pem"),
    "kid SQL": lambda m, s: s.headed(kid="x' OR '1'='1"),
    "kid SQL that answers": lambda m, s: s.headed(kid="x' UNION SELECT 'secret"),
    "kid a command": lambda m, s: s.headed(kid="$(cat /etc/passwd)|`id`"),
    "kid an address": lambda m, s: s.headed(kid="http://127.0.0.1:9/key"),
    "kid and NUL": lambda m, s: s.headed(kid=m.kid + "\x00"),
    "kid and a line end": lambda m, s: s.headed(kid=m.kid + "\r\nx: y"),
    "kid of 3000 characters": lambda m, s: s.headed(kid="k" * 3000),
    "kid in other capitals": lambda m, s: s.headed(kid=m.kid.swapcase() + "X"),
    "kid twice": lambda m, s: s.raw(
        s.header().replace(b'"alg"', b'"kid": "' + m.kid.encode() + b'", "alg"'), s.body()),
    "crit": lambda m, s: m.headed(crit=["exp"]),
    "crit of a stranger": lambda m, s: s.headed(crit=["x"], x=1),
    "b64 false": lambda m, s: m.headed(b64=False, crit=["b64"]),
    "claims of the treasury": lambda m, s: _swap(m.sign(), 1, base64url(m.body(role="treasury"))),
    "claims of later": lambda m, s: _swap(m.sign(), 1, base64url(m.body(exp=_FUTURE))),
    "one letter of the header": lambda m, s: _flip(m.sign(), 0),
    "one letter of the claims": lambda m, s: _flip(m.sign(), 1),
    "one letter of the signature": lambda m, s: _flip(m.sign(), 2),
    "signature of another token": lambda m, s: _spliced(m),
    "nested": lambda m, s: s.raw(s.header(cty="JWT"), m.sign().encode()),
    "encrypted": lambda m, s: m.raw(m.header(alg="RSA-OAEP", enc="A256GCM"), b"x") + ".x.x",
}  # fmt: skip

CLAIMS: dict[str, Forger] = {
    **{f"no {name}": lambda m, s, name=name: m.sign(**{name: None}) for name in _CLAIMS},
    "expired": lambda m, s: m.sign(exp=_PAST),
    "expired in 1970": lambda m, s: m.sign(exp=1),
    "exp 0": lambda m, s: m.sign(exp=0),
    "exp negative": lambda m, s: m.sign(exp=-1),
    "exp a word": lambda m, s: m.sign(exp="never"),
    "exp digits": lambda m, s: m.sign(exp=str(_FUTURE)),
    "exp a fraction": lambda m, s: m.sign(exp=_FUTURE + 0.5),
    "exp true": lambda m, s: m.sign(exp=True),
    "exp a list": lambda m, s: m.sign(exp=[_FUTURE]),
    "exp null": lambda m, s: _claim(m, "exp", "null"),
    "exp NaN": lambda m, s: _claim(m, "exp", "NaN"),
    "exp Infinity": lambda m, s: _claim(m, "exp", "Infinity"),
    "exp 1e400": lambda m, s: _claim(m, "exp", "1e400"),
    "exp 1e10": lambda m, s: _claim(m, "exp", "1e10"),
    "exp of 400 digits": lambda m, s: _claim(m, "exp", "9" * 400),
    "exp of 64 bits and more": lambda m, s: _claim(m, "exp", str(2**64)),
    "not yet valid": lambda m, s: m.sign(nbf=_FUTURE),
    "nbf a word": lambda m, s: m.sign(nbf="now"),
    "issued in the future": lambda m, s: m.sign(iat=_FUTURE, exp=_FUTURE + 300),
    "iat a word": lambda m, s: m.sign(iat="now"),
    "iat a fraction": lambda m, s: m.sign(iat=time.time()),
    "iat true": lambda m, s: m.sign(iat=True),
    "another issuer": lambda m, s: m.sign(iss="somebody"),
    "issuer in capitals": lambda m, s: m.sign(iss="NOTION-USERS"),
    "issuer and a slash": lambda m, s: m.sign(iss="notion-users/"),
    "empty issuer": lambda m, s: m.sign(iss=""),
    "issuer a list": lambda m, s: m.sign(iss=["notion-users"]),
    "issuer a number": lambda m, s: m.sign(iss=1),
    "another audience": lambda m, s: m.sign(aud="other-api"),
    "empty audience": lambda m, s: m.sign(aud=""),
    "no audiences": lambda m, s: m.sign(aud=[]),
    "other audiences": lambda m, s: m.sign(aud=["a", "b"]),
    "one of two audiences": lambda m, s: m.sign(aud=["notion-api", "other-api"]),
    "audience an object": lambda m, s: m.sign(aud={"notion-api": 1}),
    "audience a number": lambda m, s: m.sign(aud=1),
    "subject no UUID": lambda m, s: m.sign(sub="alice"),
    "subject empty": lambda m, s: m.sign(sub=""),
    "subject a number": lambda m, s: m.sign(sub=1),
    "subject a list": lambda m, s: m.sign(sub=[m.subject]),
    "subject in braces": lambda m, s: m.sign(sub=f"{{{m.subject}}}"),
    "subject in capitals": lambda m, s: m.sign(sub="018F6B1E-7B7E-7C3E-9A51-5B0F6F1D2C3A"),
    "subject a path": lambda m, s: m.sign(sub=f"../{m.subject}"),
    "subject and SQL": lambda m, s: m.sign(sub=f"{m.subject}' OR '1'='1"),
    "sid a list": lambda m, s: m.sign(sid=["x"]),
    "role unknown": lambda m, s: m.sign(role="admin"),
    "role staff": lambda m, s: m.sign(role="staff"),
    "role in capitals": lambda m, s: m.sign(role="TREASURY"),
    "role a list": lambda m, s: m.sign(role=["treasury"]),
    "role an object": lambda m, s: m.sign(role={"treasury": True}),
    "typ refresh": lambda m, s: m.sign(typ="refresh"),
    "typ in capitals": lambda m, s: m.sign(typ="ACCESS"),
    "typ a list": lambda m, s: m.sign(typ=["access"]),
    "typ of the header": lambda m, s: m.headed(typ="refresh+jwt"),
    "role twice": lambda m, s: _said_twice(m, "role", "treasury"),
    "sub twice": lambda m, s: _said_twice(m, "sub", str(uuid7())),
    "exp twice": lambda m, s: _said_twice(m, "exp", _PAST),
    "aud twice": lambda m, s: _said_twice(m, "aud", "other-api"),
}  # fmt: skip

FORGED: dict[str, Forger] = {**SHAPES, **KEYS, **CLAIMS}
"""Everything that stands behind `Bearer ` and is not an access token of ours."""

LEFT_TO_SERVICES = frozenset(
    {
        *(f"no {name}" for name in ("iat", "sub", "jti", "sid", "role", "typ")),
        *("subject no UUID", "subject empty", "subject in braces", "subject in capitals"),
        *("subject a path", "subject and SQL", "sid a list"),
        *("role unknown", "role staff", "role in capitals", "role a list", "role an object"),
        *("typ refresh", "typ in capitals", "typ a list", "typ of the header"),
        *("iat a fraction", "issued in the future", "exp a fraction", "exp 1e10"),
        *("one of two audiences", "crit", "b64 false", "oversized", "spare bits of the signature"),
    }
)
"""What the gateway lets through: it judges signature, issuer, audience and end, and no more."""

HEADERS: dict[str, Callable[[str], list[str]]] = {
    "none": lambda token: [],
    "empty": lambda token: [""],
    "only the scheme": lambda token: ["Bearer"],
    "only the scheme and a space": lambda token: ["Bearer "],
    "no scheme": lambda token: [token],
    "Basic": lambda token: ["Basic YTpi"],
    "Basic with the token": lambda token: [f"Basic {token}"],
    "Token": lambda token: [f"Token {token}"],
    "DPoP": lambda token: [f"DPoP {token}"],
    "lower case": lambda token: [f"bearer {token}"],
    "upper case": lambda token: [f"BEARER {token}"],
    "two spaces": lambda token: [f"Bearer  {token}"],
    "a tab": lambda token: [f"Bearer\t{token}"],
    "a colon": lambda token: [f"Bearer: {token}"],
    "an equals sign": lambda token: [f"Bearer={token}"],
    "two tokens": lambda token: [f"Bearer {token} {token}"],
    "a list": lambda token: [f"Bearer {token}, Bearer {token}"],
    "after another": lambda token: [f"Basic YTpi, Bearer {token}"],
    "the scheme twice": lambda token: [f"Bearer Bearer {token}"],
    "two headers": lambda token: [f"Bearer {token}", f"Bearer {token}"],
    "two headers, one Basic": lambda token: ["Basic YTpi", f"Bearer {token}"],
    "two headers, one empty": lambda token: [f"Bearer {token}", "Bearer x"],
}
"""A good token, but not in the one Authorization header as it must be: the headers' values."""
