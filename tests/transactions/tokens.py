"""Access tokens as users issues them, and a server for its public keys."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from common.ids import uuid7


class SigningKey:
    """An RSA key pair with its id."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def jwk(self) -> dict[str, str]:
        known = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return {**known, "kid": self.kid, "use": "sig", "alg": "RS256"}


def claims_of(user_id, **claims):
    now = int(time.time())
    known = {
        "iss": "notion-users",
        "aud": "notion-api",
        "sub": str(user_id),
        "sid": str(uuid7()),
        "jti": str(uuid7()),
        "iat": now,
        "exp": now + 300,
        "role": "user",
        "typ": "access",
        **claims,
    }
    return {name: value for name, value in known.items() if value is not None}


def token_for(user_id, key, *, headers=None, algorithm="RS256", secret=None, **claims):
    """A token; a claim that is None is left out."""
    return jwt.encode(
        claims_of(user_id, **claims),
        secret if secret is not None else key.private,
        algorithm=algorithm,
        headers={"kid": key.kid, **(headers or {})},
    )


class JwksServer:
    """Answers with the keys in `keys`, or with `body`, and counts how often it was asked."""

    def __init__(self, keys) -> None:
        self.keys = keys
        self.body = None
        self.asked = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.asked += 1
                keys = {"keys": [key.jwk() for key in owner.keys]}
                body = json.dumps(keys).encode() if owner.body is None else owner.body
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"

    @contextmanager
    def serving(self):
        thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
