"""A person's sign-ins: shown, and ended from here or elsewhere."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from common.ids import uuid7
from tests.factories.users import PASSWORD
from tests.users.conftest import AUTH
from users.identity.models import LoginEvent, TokenFamily

SESSIONS = f"{AUTH}/auth/sessions"
REFRESH = f"{AUTH}/tokens/refresh"

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_in(anonymous):
    def enter(user, agent="a-client/1.0", address="203.0.113.7"):
        return anonymous.post(
            f"{AUTH}/auth/login",
            {"email": user.email, "password": PASSWORD},
            format="json",
            headers={"User-Agent": agent, "X-Forwarded-For": f"10.0.0.1, {address}"},
        ).json()["meta"]

    return enter


@pytest.fixture
def call(anonymous):
    def send(method, meta, body=None, path=SESSIONS):
        headers = {"X-Session-Token": meta["session_token"]}
        return getattr(anonymous, method)(path, body, format="json", headers=headers)

    return send


@pytest.fixture
def refreshes(anonymous):
    def ask(meta) -> bool:
        body = {"refresh_token": meta["refresh_token"]}
        answer = anonymous.post(REFRESH, body, format="json")
        if answer.status_code == 200:
            meta["refresh_token"] = answer.json()["data"]["refresh_token"]
        return answer.status_code == 200

    return ask


def ids(answer) -> list[str]:
    return [one["id"] for one in answer.json()["data"]]


class TestList:
    def test_shows_where_and_when_and_which_is_this_one(self, alice, bob, sign_in, call):
        sign_in(bob)
        sign_in(alice, agent="a-telephone/2.0", address="2001:db8::7")
        here = sign_in(alice)

        answer = call("get", here)

        assert answer.status_code == 200
        mine, other = answer.json()["data"]
        assert (mine["is_current"], other["is_current"]) == (True, False)
        assert (other["user_agent"], other["ip"]) == ("a-telephone/2.0", "2001:db8::7")
        assert mine["created_at"] == mine["last_seen_at"]
        assert set(mine) == {
            "id", "created_at", "last_seen_at", "ip", "user_agent", "is_current",
        }  # fmt: skip
        assert here["session_token"] not in answer.content.decode()

    def test_knows_this_one_by_its_access_token(self, alice, sign_in, anonymous):
        meta = sign_in(alice)
        headers = {"Authorization": f"Bearer {meta['access_token']}"}

        (one,) = anonymous.get(SESSIONS, headers=headers).json()["data"]

        assert one["is_current"] is True

    def test_shows_the_last_refresh(self, alice, sign_in, call, anonymous):
        here = sign_in(alice)
        anonymous.post(
            REFRESH,
            {"refresh_token": here["refresh_token"]},
            format="json",
            headers={"User-Agent": "elsewhere/1.0", "X-Forwarded-For": "198.51.100.9"},
        )

        (one,) = call("get", here).json()["data"]

        assert one["last_seen_at"] > one["created_at"]
        assert (one["ip"], one["user_agent"]) == ("198.51.100.9", "elsewhere/1.0")

    def test_leaves_out_what_is_over(self, alice, sign_in, call):
        first, second, here = (sign_in(alice) for _ in range(3))
        call("delete", first, path=f"{AUTH}/auth/session")
        Session.objects.filter(session_key=second["session_token"]).update(
            expire_date=timezone.now() - timedelta(seconds=1)
        )

        assert len(ids(call("get", here))) == 1

    def test_takes_no_more_time_for_more_sign_ins(
        self, alice, sign_in, call, django_assert_max_num_queries
    ):
        here = sign_in(alice)
        with django_assert_max_num_queries(10) as few:
            call("get", here)
        for _ in range(5):
            sign_in(alice)
        with django_assert_max_num_queries(10) as more:
            call("get", here)

        assert len(few) == len(more)

    def test_is_nobodys_without_a_session(self, anonymous):
        assert anonymous.get(SESSIONS).status_code == 401
        assert anonymous.delete(SESSIONS, {"all": True}, format="json").status_code == 401


class TestEnd:
    def test_of_others_leaves_this_one(self, alice, sign_in, call, refreshes):
        first, second, third, here = (sign_in(alice) for _ in range(4))
        _, *others = ids(call("get", here))

        answer = call("delete", here, {"sessions": others[:2]})

        assert answer.status_code == 200
        assert len(answer.json()["data"]) == 2
        ended = [not refreshes(meta) for meta in (first, second, third, here)]
        assert ended == [False, True, True, False]
        assert set(
            TokenFamily.objects.exclude(ended_at=None).values_list("end_reason", flat=True)
        ) == {"revoked"}
        assert call("get", second).status_code == 410

    def test_of_this_one_is_a_sign_out(self, alice, sign_in, call, refreshes):
        other, here = sign_in(alice), sign_in(alice)

        answer = call("delete", here, {"sessions": ids(call("get", here))[:1]})

        assert answer.status_code == 401
        assert call("get", here).status_code == 410
        assert not refreshes(here)
        assert refreshes(other)

    def test_of_all_ends_those_of_the_console_too(self, alice, sign_in, call, refreshes, client):
        alice.is_staff = alice.is_superuser = True
        alice.save()
        client.force_login(alice)
        other, here = sign_in(alice), sign_in(alice)
        assert client.get("/admin/").status_code == 200

        answer = call("delete", here, {"all": True})

        assert answer.status_code == 401
        assert not refreshes(other)
        assert not refreshes(here)
        assert client.get("/admin/").status_code == 302
        event = LoginEvent.objects.get(type="sessions_ended")
        assert (event.user, event.detail) == (alice, "all")
        assert "access_token" in sign_in(alice)

    def test_of_somebody_else_ends_nothing(self, alice, bob, sign_in, call, refreshes):
        theirs, here = sign_in(bob), sign_in(alice)
        family = TokenFamily.objects.get(user=bob)

        answer = call("delete", here, {"sessions": [str(family.id), str(uuid7())]})

        assert answer.status_code == 200
        assert refreshes(theirs)

    @pytest.mark.parametrize(
        ("body", "param"),
        [
            (None, None),
            ({}, None),
            ({"sessions": []}, "sessions"),
            ({"sessions": "x"}, "sessions"),
            ({"sessions": ["x"]}, "sessions"),
            ({"sessions": [1]}, "sessions"),
            ({"sessions": [None]}, "sessions"),
            ({"sessions": [{}]}, "sessions"),
            ({"sessions": [str(uuid7())] * 101}, "sessions"),
            ({"all": False}, "all"),
            ({"all": "true"}, "all"),
            ({"all": 1}, "all"),
            ({"all": True, "sessions": [str(uuid7())]}, None),
        ],
    )
    def test_is_asked_for_in_so_many_words(self, alice, sign_in, call, refreshes, body, param):
        here = sign_in(alice)

        answer = call("delete", here, body)

        assert answer.status_code == 400
        assert answer.json()["errors"][0].get("param") == param
        assert refreshes(here)


class TestOtherEnds:
    def test_a_sign_out_is_kept_with_the_family(self, alice, sign_in, call):
        here = sign_in(alice)

        call("delete", here, path=f"{AUTH}/auth/session")

        family = TokenFamily.objects.get()
        assert (family.end_reason, family.ended_at is not None) == ("signed_out", True)

    def test_a_changed_password_ends_the_others(self, alice, sign_in, call, refreshes):
        other, here = sign_in(alice), sign_in(alice)
        body = {"current_password": PASSWORD, "new_password": "another long pass phrase"}

        changed = call("post", here, body, path=f"{AUTH}/account/password/change")
        here["session_token"] = changed.json()["meta"]["session_token"]

        assert not refreshes(other)
        assert refreshes(here)
        assert len(ids(call("get", here))) == 1
        assert TokenFamily.objects.exclude(ended_at=None).get().end_reason == "password"
