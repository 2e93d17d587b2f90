"""Signing in through the gateway: tokens that work once, sign-ins that end, and new keys."""

import hmac
import os
import re
import subprocess
import sys
import threading
import time
from base64 import b32decode
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import httpx
import jwt
import pytest

from common.ids import uuid7
from tests.e2e.client import PASSWORD, anybody, wait_for

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("REFRESH_RACE_ROUNDS", "10"))
"""The long run is `REFRESH_RACE_ROUNDS=200 ./manage_all.sh test users e2e -- -n0 -s -k eight`."""
ANNOUNCE_S = 75
"""A little longer than the gateway keeps its keys for."""
PAUSE_S = 0.1
"""Between requests to each place, so that other tests have something of the processor, too."""


def signed_up() -> dict[str, str]:
    """The tokens of a new account."""
    body = {"email": f"person-{uuid7()}@example.com", "password": PASSWORD}
    answer = anybody().call("POST", "/api/v1/auth/signup", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["meta"]


def refresh(token: str, http: httpx.Client | None = None) -> httpx.Response:
    http = http or anybody().http
    return http.post("/api/v1/auth/tokens/refresh", json={"refresh_token": token})


class TestRefresh:
    @pytest.mark.timeout(60 + ROUNDS * 5)
    def test_of_eight_at_once_succeeds_for_one(self):
        away = 0
        clients = [anybody().http for _ in range(8)]
        barrier = threading.Barrier(8)

        def use(token: str, http: httpx.Client) -> httpx.Response:
            barrier.wait(timeout=30)
            return refresh(token, http)

        with ThreadPoolExecutor(8) as pool:
            for _ in range(ROUNDS):
                token = signed_up()["refresh_token"]
                answers = list(pool.map(partial(use, token), clients))

                statuses = [one.status_code for one in answers]
                assert statuses.count(200) == 1, statuses
                # 503: no connection to the database within its time, on a machine that is busy.
                assert {400} <= set(statuses) <= {200, 400, 503}, statuses
                away += statuses.count(503)
                (winner,) = [one for one in answers if one.status_code == 200]
                # Somebody else has used it: nobody can say who was the thief.
                assert refresh(winner.json()["data"]["refresh_token"]).status_code == 400
        print(f"{ROUNDS} rounds of 8: one success each, {away} answers 503")


class TestSecondFactor:
    def test_is_set_up_and_asked_for(self):
        email = f"person-{uuid7()}@example.com"
        credentials = {"email": email, "password": PASSWORD}
        http = anybody().http
        meta = http.post("/api/v1/auth/signup", json=credentials).json()["meta"]
        verify_address(http, email)
        headers = {"Authorization": f"Bearer {meta['access_token']}"}

        def call(method: str, path: str, **body: str) -> httpx.Response:
            return http.request(method, f"/api/v1/auth/{path}", json=body or None, headers=headers)

        secret = call("GET", "account/authenticators/totp").json()["meta"]["secret"]
        refused = call("POST", "account/authenticators/totp", code=code_at(secret))
        assert refused.status_code == 401, refused.text
        assert call("POST", "reauthenticate", password=PASSWORD).status_code == 200
        made = call("POST", "account/authenticators/totp", code=code_at(secret))
        assert made.status_code == 200, made.text
        codes = call("GET", "account/authenticators/recovery-codes").json()["data"]["unused_codes"]
        assert len(codes) == 10

        # The next step's code: the one of this step has been used.
        code = code_at(secret, steps=1)
        by_code = second_step(http, credentials, code)
        assert by_code.status_code == 200, by_code.text
        token = by_code.json()["meta"]["access_token"]
        me = http.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})
        assert me.json()["email"] == email
        statuses = [
            second_step(http, credentials, one).status_code
            for one in (code, codes[0], codes[0], codes[1])
        ]
        assert statuses == [400, 200, 400, 200]


def verify_address(http: httpx.Client, email: str) -> None:
    """Open the link of the mail that was sent at sign-up."""

    def look() -> str | None:
        for path in Path(os.environ["MAIL_DIR"]).iterdir():
            found = re.search(r"verify-email\?key=(\S+)", text := path.read_text("utf-8"))
            if found and f"To: {email}" in text:
                return unquote(found[1])
        return None

    key = wait_for(f"the mail to {email}", look)
    answer = http.post("/api/v1/auth/email/verify", json={"key": key})
    assert answer.status_code in {200, 401}, answer.text


def second_step(http: httpx.Client, credentials: dict[str, str], code: str) -> httpx.Response:
    """Sign in with a password, which is not enough, and a code."""
    half = http.post("/api/v1/auth/login", json=credentials)
    assert half.status_code == 401, half.text
    meta = half.json()["meta"]
    assert {"access_token", "refresh_token"}.isdisjoint(meta)
    headers = {"X-Session-Token": meta["session_token"]}
    return http.post("/api/v1/auth/2fa/authenticate", json={"code": code}, headers=headers)


def code_at(secret: str, *, steps: int = 0) -> str:
    """What an authenticator shows now, or so many steps of 30 seconds later (RFC 6238)."""
    counter = int(time.time()) // 30 + steps
    digest = hmac.digest(b32decode(secret), counter.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**6:06}"


class TestSessions:
    def test_are_shown_and_ended_from_elsewhere(self):
        meta = signed_up()
        headers = {"Authorization": f"Bearer {meta['access_token']}"}
        http = anybody().http

        (one,) = http.get("/api/v1/auth/sessions", headers=headers).json()["data"]
        ended = http.request("DELETE", "/api/v1/auth/sessions", headers=headers, json={"all": True})

        assert one["is_current"]
        assert one["ip"]
        assert ended.status_code == 401
        assert refresh(meta["refresh_token"]).status_code == 400


class TestSigningKey:
    @pytest.mark.timeout(ANNOUNCE_S * 4)
    def test_changes_without_a_refused_request(self):
        """Requests go on all the time, through the gateway and to both services themselves."""
        meta = signed_up()
        places = {
            f"{os.environ['GATEWAY_URL']}/api/v1/users/me",
            f"{os.environ['GATEWAY_URL']}/api/v1/accounts",
            f"{os.environ['USERS_URL']}/api/v1/users/me",
            f"{os.environ['TRANSACTIONS_URL']}/api/v1/accounts",
        }
        http = httpx.Client(timeout=15, trust_env=False)
        rotated = subprocess.run(
            [sys.executable, "users/manage.py", "rotate_signing_key"],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "users.settings.local",
                "SIGNING_KEY_ANNOUNCE_S": str(ANNOUNCE_S),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert rotated.returncode == 0, rotated.stderr
        first = jwt.get_unverified_header(meta["access_token"])["kid"]
        kids, deadline, asked = {first}, time.monotonic() + ANNOUNCE_S * 2, 0
        with_new_key = 0
        pause = threading.Event()
        while with_new_key < 40:
            assert time.monotonic() < deadline, "the new key never signed"
            pause.wait(PAUSE_S)
            renewed = refresh(meta["refresh_token"])
            assert renewed.status_code == 200, renewed.text
            meta = renewed.json()["data"]
            kid = jwt.get_unverified_header(meta["access_token"])["kid"]
            kids.add(kid)
            with_new_key += kid != first
            for place in places:
                headers = {"Authorization": f"Bearer {meta['access_token']}"}
                answer = http.get(place, headers=headers)
                asked += 1
                assert answer.status_code == 200, (place, kid, answer.text)
        assert len(kids) == 2
        assert asked > 160
