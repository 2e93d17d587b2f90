"""Dialogs: a page that says what will happen and asks why, and then does it once."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from common.staff.dialogs import ROWS_MAX
from common.staff.models import StaffAction
from common.staff.roles import Role
from tests.factories.users import UserFactory
from users.identity.models import User

LIST = "/admin/identity/user/"


pytestmark = pytest.mark.django_db


def dialog_of(user, name="suspend") -> str:
    return reverse(f"admin:identity_user_{name}", args=[user.pk])


def confirmed(**members):
    return {"confirm": "yes", "reason": "They asked for it.", **members}


def told(answer) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def user():
    return UserFactory()


class TestDetailDialog:
    def test_says_what_will_happen_and_changes_nothing_yet(self, console, user):
        answer = console.get(dialog_of(user))

        text = answer.content.decode()
        assert answer.status_code == 200
        assert user.email in text
        assert "New requests of theirs are refused" in text
        assert 'name="reason"' in text
        user.refresh_from_db()
        assert user.status == "active"
        assert not StaffAction.objects.exists()

    def test_does_it_once_confirmed_and_leads_back(self, console, user, controller):
        answer = console.post(dialog_of(user), confirmed())

        user.refresh_from_db()
        assert answer.status_code == 302
        assert answer["Location"] == reverse("admin:identity_user_change", args=[user.pk])
        assert told(answer) == [f"{user.email} is suspended."]
        assert user.status == "suspended"
        change = user.status_changes.get()
        assert (change.actor, change.reason) == (f"staff:{controller.id}", "They asked for it.")
        row = StaffAction.objects.get()
        assert (row.before, row.after) == ({"status": "active"}, {"status": "suspended"})

    @pytest.mark.parametrize(
        "reason", ["", " ", "ab", "x" * 501, "a\x00bc", "abc\u202edef", "a\u200bbc"]
    )
    def test_asks_again_for_a_reason_that_can_be_kept(self, console, user, reason):
        answer = console.post(dialog_of(user), confirmed(reason=reason))

        user.refresh_from_db()
        assert answer.status_code == 200
        assert answer.context["form"].errors["reason"]
        assert user.status == "active"

    def test_takes_lines_as_one(self, console, user):
        console.post(dialog_of(user), confirmed(reason=" first\r\nsecond\n\n\tthird "))

        assert StaffAction.objects.get().reason == "first second third"

    def test_shows_what_the_service_refuses(self, console):
        user = UserFactory(status="suspended")

        answer = console.post(dialog_of(user), confirmed())

        assert answer.status_code == 200
        assert "which cannot become suspended" in answer.content.decode()
        assert not StaffAction.objects.exists()

    def test_is_only_offered_where_it_fits(self, console, user):
        page = console.get(reverse("admin:identity_user_change", args=[user.pk])).content.decode()

        assert dialog_of(user) in page
        assert dialog_of(user, "reinstate") not in page

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_is_closed_to_whoever_may_not(self, staff_with, console_of, user, method):
        console = console_of(staff_with(Role.SUPPORT))

        answer = getattr(console, method)(dialog_of(user), confirmed())

        user.refresh_from_db()
        assert answer.status_code == 403
        assert user.status == "active"
        page = console.get(reverse("admin:identity_user_change", args=[user.pk])).content.decode()
        assert dialog_of(user) not in page

    @pytest.mark.parametrize("key", ["0198c0de-7b1e-7c3e-9a51-5b0f6f1d2c3a", "nobody", "_"])
    def test_says_that_there_is_no_such_row(self, console, key):
        answer = console.post(f"{LIST}{key}/suspend/", confirmed())

        assert answer.status_code == 302
        assert "exist" in told(answer)[0]

    def test_needs_the_token_against_forged_requests(self, controller, user):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(controller)

        assert strict.post(dialog_of(user), confirmed()).status_code == 403
        user.refresh_from_db()
        assert user.status == "active"

    def test_escapes_what_rows_say(self, console):
        user = UserFactory(email="<b>@example.com")

        assert "<b>@example.com" not in console.get(dialog_of(user)).content.decode()


class TestListDialog:
    def choose(self, users, **members):
        return {
            "action": "suspend",
            "_selected_action": [str(user.pk) for user in users],
            **members,
        }

    def test_asks_first(self, console):
        users = UserFactory.create_batch(3)

        answer = console.post(LIST, self.choose(users))

        text = answer.content.decode()
        assert answer.status_code == 200
        assert all(user.email in text for user in users)
        assert not StaffAction.objects.exists()

    def test_does_each_and_says_what_came_of_it(self, console):
        users = UserFactory.create_batch(3)
        gone = UserFactory(status="suspended")

        answer = console.post(LIST, self.choose([*users, gone], **confirmed()))

        assert answer.status_code == 302
        assert StaffAction.objects.count() == 3
        assert set(User.objects.filter(pk__in=[u.pk for u in users]).values_list("status")) == {
            ("suspended",)
        }
        assert any("cannot become suspended" in text for text in told(answer))

    def test_is_about_a_bounded_number_of_rows(self, console):
        UserFactory.create_batch(ROWS_MAX + 1)
        chosen = self.choose(User.objects.all()[:1], select_across="1", **confirmed())

        answer = console.post(LIST, chosen)

        assert told(answer) == [f"Choose {ROWS_MAX} rows at most; nothing was changed."]
        assert not StaffAction.objects.exists()

    def test_is_not_offered_to_whoever_may_not(self, staff_with, console_of, user):
        console = console_of(staff_with(Role.SUPPORT))

        console.post(LIST, self.choose([user], **confirmed()))

        user.refresh_from_db()
        assert user.status == "active"
        assert 'value="suspend"' not in console.get(LIST).content.decode()

    def test_never_offers_to_delete(self, console_of, user):
        boss = console_of(UserFactory(staff=True))

        boss.post(
            LIST,
            {"action": "delete_selected", "_selected_action": [str(user.pk)], "post": "yes"},
        )

        assert User.objects.filter(pk=user.pk).exists()


class TestPeople:
    @pytest.mark.parametrize(
        ("name", "status", "becomes"),
        [
            ("suspend", "active", "suspended"),
            ("reinstate", "suspended", "active"),
            ("close", "active", "closing"),
            ("close", "suspended", "closing"),
        ],
    )
    def test_change_their_status(self, console, name, status, becomes):
        user = UserFactory(status=status)

        console.post(dialog_of(user, name), confirmed())

        user.refresh_from_db()
        assert user.status == becomes

    @pytest.mark.parametrize("name", ["end_sessions", "reset_mfa"])
    def test_are_signed_out(self, console, user, name):
        before = user.sessions_epoch

        console.post(dialog_of(user, name), confirmed())

        user.refresh_from_db()
        assert user.sessions_epoch == before + 1
        event = user.login_events.get()
        assert (event.actor.partition(":")[0], event.reason) == ("staff", "They asked for it.")
        assert StaffAction.objects.get().action == f"user.{name}"

    def test_of_staff_are_changed_by_superusers_alone(self, console, console_of, staff_with):
        colleague = staff_with(Role.SUPPORT)

        refused = console.post(dialog_of(colleague), confirmed())
        console_of(UserFactory(staff=True)).post(dialog_of(colleague), confirmed())

        colleague.refresh_from_db()
        assert "Only a superuser" in refused.content.decode()
        assert colleague.status == "suspended"

    @pytest.mark.parametrize("name", ["suspend", "close", "end_sessions", "reset_mfa"])
    def test_do_nothing_to_themselves(self, console_of, name):
        boss = UserFactory(staff=True)

        answer = console_of(boss).post(dialog_of(boss, name), confirmed())

        boss.refresh_from_db()
        assert "their own account" in answer.content.decode()
        assert boss.status == "active"
