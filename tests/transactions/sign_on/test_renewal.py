"""How long a sign-on holds: as long as the users console says so, and is there to say it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User

from common.staff.groups import roles_of
from common.staff.models import StaffAction
from tests.factories.transactions import StaffFactory
from tests.transactions.sign_on.users_console import CAROL

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock(sign_on, users):
    """Noon; Carol has just signed on, and nobody has asked about it since."""
    with time_machine.travel(NOON, tick=False) as clock:
        sign_on()
        users.asked = 0
        yield lambda seconds: clock.shift(timedelta(seconds=seconds))


def test_is_asked_about_once_a_minute_while_it_is_used(clock, users, is_in):
    for wait_s, asked in ((59, 0), (1, 1), (0, 1), (59, 1), (1, 2)):
        clock(wait_s)
        assert is_in()
        assert users.asked == asked


@pytest.mark.parametrize("told", [[], [{**CAROL, "stamp": "b"}]], ids=["no staff", "signed out"])
def test_is_over_within_a_minute_when_users_says_so(client, clock, users, is_in, told):
    users.told = told
    clock(59)
    assert is_in()
    clock(1)

    page = client.get("/admin/", follow=True)

    assert "your sign-in by the users console is over" in page.content.decode()
    assert not is_in()


def test_is_over_when_somebody_else_is_told_of(clock, users, is_in):
    users.told = [{**CAROL, "sub": "01980000-0000-7000-8000-000000000000"}]
    clock(60)

    assert not is_in()


def test_has_the_roles_of_a_minute_ago(client, clock, users):
    topics = "/admin/outbox/outboxmessage/topics/"
    assert client.get("/admin/inbox/inboxwaiting/resolve/?act=replay").status_code != 403
    users.told = [{**CAROL, "roles": ["support"]}]
    clock(60)

    assert client.get(topics).status_code == 403

    user = User.objects.get()
    assert roles_of(user) == ["support"]
    (action,) = StaffAction.objects.filter(action="staff.roles_followed")
    assert (action.before["roles"], action.after["roles"]) == (["operator"], ["support"])


def test_writes_nothing_down_where_nothing_changed(clock, is_in):
    clock(60)

    assert is_in()
    assert not StaffAction.objects.filter(action="staff.roles_followed").exists()


def test_outlives_a_users_service_that_is_away_for_minutes(clock, users, is_in):
    users.away = True
    clock(299)
    assert is_in()

    users.away = False
    clock(10)
    assert is_in()
    clock(250)
    users.away = True
    assert is_in()


def test_is_over_when_users_is_away_for_longer(client, clock, users):
    users.away = True
    clock(100)
    client.get("/admin/")
    clock(200)

    page = client.get("/admin/", follow=True)

    assert "the users console has not answered for too long" in page.content.decode()


def test_lets_no_page_wait_again_at_once_for_a_users_service_that_is_away(clock, users, is_in):
    users.away = True
    clock(60)
    assert is_in()
    users.away = False
    clock(9)
    assert is_in()
    assert users.asked == 0
    clock(1)
    assert is_in()
    assert users.asked == 1


def test_does_not_outlive_the_limits_of_every_sign_in(clock, settings, is_in):
    settings.STAFF_SESSION_MAX_S = settings.STAFF_IDLE_S = 300
    clock(299)
    assert is_in()
    clock(1)

    assert not is_in()


def test_is_over_at_once_for_who_is_locked_out_here(clock, is_in):
    User.objects.update(is_active=False)

    assert not is_in()


def test_is_none_of_local_accounts(client, users, is_in):
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(StaffFactory())
        clock.shift(timedelta(seconds=600))

        assert is_in()
        assert users.asked == 0
