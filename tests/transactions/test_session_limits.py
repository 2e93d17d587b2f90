"""Sign-ins to the console end by themselves here as in the users service."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.factories.transactions import StaffFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("setting", "why"),
    [("STAFF_IDLE_S", "nothing was asked"), ("STAFF_SESSION_MAX_S", "a sign-in lasts")],
)
def test_a_sign_in_ends(client, settings, setting, why):
    settings.STAFF_IDLE_S = settings.STAFF_SESSION_MAX_S = 3600
    setattr(settings, setting, 600)
    with time_machine.travel(NOON, tick=False) as clock:
        client.force_login(StaffFactory())
        clock.shift(timedelta(seconds=599))
        assert client.get("/admin/").status_code == 200
        clock.shift(timedelta(seconds=1 if setting == "STAFF_SESSION_MAX_S" else 600))

        answer = client.get("/admin/", follow=True)

    assert f"You were signed out: {why}" in answer.content.decode()
