"""Sign-ins to the console that end by themselves."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from tests.factories.users import UserFactory
from users.identity.models import LoginEvent

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def console(at_noon, settings) -> Client:
    settings.STAFF_IDLE_S, settings.STAFF_SESSION_MAX_S = 900, 28_800
    client = Client()
    client.force_login(UserFactory(staff=True))
    return client


def later(clock, **time) -> None:
    clock.shift(timedelta(**time))


class TestRest:
    def test_ends_a_sign_in_that_nobody_uses(self, console, at_noon):
        later(at_noon, seconds=900)

        answer = console.get("/admin/identity/user/?status=active", follow=True)

        (redirect, _), *_ = answer.redirect_chain
        assert redirect == "/admin/login/?next=/admin/identity/user/%3Fstatus%3Dactive"
        assert "You were signed out: nothing was asked for 15 minutes." in answer.content.decode()
        assert console.get("/admin/").status_code == 302
        assert LoginEvent.objects.filter(type="signed_out").count() == 1

    def test_begins_anew_with_each_request(self, console, at_noon):
        for _ in range(5):
            later(at_noon, seconds=839)
            assert console.get("/admin/").status_code == 200

    def test_of_a_second_less_ends_nothing(self, console, at_noon):
        later(at_noon, seconds=899)

        assert console.get("/admin/").status_code == 200

    def test_does_not_do_what_was_sent_after_it(self, console, at_noon):
        later(at_noon, hours=1)

        answer = console.post("/admin/password_change/", {}, follow=True)

        assert answer.redirect_chain[0][0] == "/admin/login/?next=/admin/"
        assert "What you sent was not done." in answer.content.decode()


class TestLength:
    def test_ends_a_sign_in_however_it_is_used(self, console, at_noon):
        for _ in range(47):
            later(at_noon, minutes=10)
            assert console.get("/admin/").status_code == 200
        later(at_noon, minutes=10)

        answer = console.get("/admin/", follow=True)

        assert "You were signed out: a sign-in lasts 8 hours at most." in answer.content.decode()


class TestSession:
    def test_is_written_once_a_minute(self, console, at_noon):
        def kept():
            return Session.objects.get(pk=console.session.session_key).session_data

        console.get("/admin/")
        before = kept()
        later(at_noon, seconds=59)
        console.get("/admin/")
        assert kept() == before

        later(at_noon, seconds=1)
        console.get("/admin/")

        assert kept() != before

    def test_that_does_not_say_when_it_began_is_none(self, console):
        session = console.session
        del session["staff_began_at"]
        session.save()

        answer = console.get("/admin/", follow=True)

        assert "this sign-in is none to a console" in answer.content.decode()

    def test_of_somebody_else_says_nothing_of_it(self, at_noon):
        client = Client()
        client.force_login(UserFactory())

        assert "staff_began_at" not in client.session
        later(at_noon, days=1)
        assert client.get("/users/docs").status_code == 200


def test_the_next_sign_in_counts_anew(console, at_noon, client):
    later(at_noon, hours=9)
    staff = UserFactory(staff=True)
    client.force_login(staff)

    assert client.get("/admin/").status_code == 200
