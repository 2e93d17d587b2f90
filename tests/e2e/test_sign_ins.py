"""Signing in through the gateway: tokens that work once, sign-ins that end, and new keys."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import jwt
import pytest

from common.ids import uuid7
from tests.e2e.client import PASSWORD, anybody

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("REFRESH_RACE_ROUNDS", "10"))
ANNOUNCE_S = 75
"""A little longer than the gateway keeps its keys for."""


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
                (winner,) = [one for one in answers if one.status_code == 200]
                # Somebody else has used it: nobody can say who was the thief.
                assert refresh(winner.json()["data"]["refresh_token"]).status_code == 400


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
        while with_new_key < 40:
            assert time.monotonic() < deadline, "the new key never signed"
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
