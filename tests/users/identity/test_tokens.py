"""Refresh tokens work once, and a second use ends the sign-in they belong to (A6)."""

import os
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from common.api.authentication import token_verify
from common.housekeeping import sessions_clear
from tests.factories.users import PASSWORD, UserFactory, status_lead
from tests.users.conftest import AUTH
from tests.users.racing import race
from users.identity import tasks
from users.identity.models import RefreshToken, TokenFamily
from users.identity.tokens import refresh_tokens_purge, tokens_refresh

REFRESH = f"{AUTH}/tokens/refresh"
ROUNDS = int(os.environ.get("REFRESH_RACE_ROUNDS", "20"))
"""The long run is `REFRESH_RACE_ROUNDS=200 ./manage_all.sh test users e2e -- -n0 -s -k eight`."""


@pytest.fixture
def sign_in(anonymous):
    def enter(user) -> dict[str, str]:
        body = {"email": user.email, "password": PASSWORD}
        response = anonymous.post(f"{AUTH}/auth/login", body, format="json")
        assert response.status_code == 200, response.content
        return response.json()["meta"]

    return enter


@pytest.fixture
def refresh(anonymous):
    return lambda token: anonymous.post(REFRESH, {"refresh_token": token}, format="json")


@pytest.mark.django_db
class TestRefresh:
    def test_gives_another_pair_of_the_same_sign_in(self, alice, sign_in, refresh):
        first = sign_in(alice)
        response = refresh(first["refresh_token"])

        assert response.status_code == 200
        second = response.json()["data"]
        assert second["refresh_token"] != first["refresh_token"]
        assert second["access_token"] != first["access_token"]
        before, after = (token_verify(pair["access_token"]) for pair in (first, second))
        assert before == after
        assert before.user_id == alice.id
        assert "no-store" in response["Cache-Control"]

    def test_goes_on_for_as_long_as_each_is_used_once(self, alice, sign_in, refresh):
        token = sign_in(alice)["refresh_token"]
        for _ in range(10):
            token = refresh(token).json()["data"]["refresh_token"]

        assert TokenFamily.objects.count() == 1
        assert RefreshToken.objects.filter(used_at__isnull=False).count() == 10

    def test_twice_ends_the_whole_family(self, alice, sign_in, refresh):
        meta = sign_in(alice)
        elsewhere = sign_in(alice)["refresh_token"]
        newer = refresh(meta["refresh_token"]).json()["data"]["refresh_token"]

        assert refresh(meta["refresh_token"]).status_code == 400
        assert refresh(newer).status_code == 400
        family = TokenFamily.objects.get(id=token_verify(meta["access_token"]).session_id)
        assert family.end_reason == "reuse"
        assert family.ended_at is not None
        assert not Session.objects.filter(session_key=meta["session_token"]).exists()
        assert refresh(elsewhere).status_code == 200

    def test_ends_the_session_of_its_family_too(self, alice, sign_in, refresh, anonymous):
        meta = sign_in(alice)
        refresh(meta["refresh_token"])
        refresh(meta["refresh_token"])

        response = anonymous.get(
            f"{AUTH}/auth/session", headers={"X-Session-Token": meta["session_token"]}
        )
        assert response.status_code == 410

    @pytest.mark.parametrize("status", ["suspended", "closing", "closed"])
    def test_refuses_who_is_not_active(self, alice, sign_in, refresh, status):
        token = sign_in(alice)["refresh_token"]
        status_lead(alice, status)

        assert refresh(token).status_code == 400

    def test_refuses_who_was_deleted(self, alice, sign_in, refresh):
        token = sign_in(alice)["refresh_token"]
        type(alice).objects.all().delete()

        assert refresh(token).status_code == 400

    def test_refuses_after_the_password_was_set_by_others(self, alice, sign_in, refresh):
        token = sign_in(alice)["refresh_token"]
        alice.set_password("another long pass phrase")
        alice.save()

        assert refresh(token).status_code == 400

    def test_refuses_when_the_session_has_expired(self, alice, sign_in, refresh):
        token = sign_in(alice)["refresh_token"]
        Session.objects.update(expire_date=timezone.now())

        assert refresh(token).status_code == 400

    def test_refuses_a_family_that_has_ended_whatever_became_of_its_session(
        self, alice, sign_in, refresh
    ):
        token = sign_in(alice)["refresh_token"]
        TokenFamily.objects.update(ended_at=timezone.now())

        assert refresh(token).status_code == 400

    def test_refuses_an_expired_token_and_leaves_the_family(self, alice, sign_in, settings):
        token = sign_in(alice)["refresh_token"]
        later = timezone.now() + timedelta(seconds=settings.REFRESH_TOKEN_LIFETIME_S + 1)

        assert tokens_refresh(token=token, at=later) is None
        assert tokens_refresh(token=token, at=timezone.now()) is not None

    @pytest.mark.parametrize("which", ["session_token", "access_token"])
    def test_refuses_the_other_tokens(self, alice, sign_in, refresh, which):
        assert refresh(sign_in(alice)[which]).status_code == 400

    def test_is_no_access_token(self, alice, sign_in, anonymous):
        token = sign_in(alice)["refresh_token"]
        response = anonymous.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"})

        assert response.status_code == 401

    def test_keeps_no_token_in_the_clear(self, alice, sign_in):
        token = sign_in(alice)["refresh_token"]
        row = RefreshToken.objects.get()

        assert token.encode() not in bytes(row.token_hash)
        assert len(bytes(row.token_hash)) == 32


@pytest.mark.django_db(transaction=True)
class TestRace:
    @pytest.mark.timeout(120 + ROUNDS * 2)
    def test_eight_uses_at_once_have_one_success(self, sign_in, refresh):
        for _ in range(ROUNDS):
            meta = sign_in(UserFactory())
            answers = race([partial(refresh, meta["refresh_token"])] * 8)

            statuses = sorted(answer.status_code for answer in answers)
            assert statuses == [200] + [400] * 7
            (winner,) = [answer for answer in answers if answer.status_code == 200]
            assert refresh(winner.json()["data"]["refresh_token"]).status_code == 400
            assert TokenFamily.objects.latest("created_at").end_reason == "reuse"
        print(f"{ROUNDS} rounds of 8: one success each")


@pytest.mark.django_db
class TestPurge:
    def test_deletes_families_whose_every_token_is_long_dead(self, alice, sign_in, refresh):
        refresh(sign_in(alice)["refresh_token"])
        alive = sign_in(alice)["refresh_token"]
        old = TokenFamily.objects.order_by("created_at")[0]
        long_ago = timezone.now() - timedelta(days=60)
        TokenFamily.objects.update(created_at=long_ago)
        RefreshToken.objects.filter(family=old).update(expires_at=long_ago)

        assert tasks.refresh_tokens_purge() == 1

        assert TokenFamily.objects.count() == 1
        assert refresh(alive).status_code == 200

    def test_keeps_used_tokens_while_their_family_can_live(self, alice, sign_in, refresh):
        first = sign_in(alice)["refresh_token"]
        newer = refresh(first).json()["data"]["refresh_token"]

        assert refresh_tokens_purge(before=timezone.now()) == 0

        assert refresh(first).status_code == 400
        assert refresh(newer).status_code == 400

    def test_clears_sessions_that_expired(self, alice, sign_in):
        sign_in(alice)
        Session.objects.update(expire_date=timezone.now() - timedelta(days=1))

        sessions_clear()

        assert not Session.objects.exists()
