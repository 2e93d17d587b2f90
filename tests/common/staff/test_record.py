"""The record of what staff did: nobody edits it, whoever they are."""

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import RequestFactory
from django.urls import reverse

from common.staff.actions import Target, staff_act, staff_of, staff_record, staff_rehearse
from common.staff.models import StaffAction
from common.staff.roles import Role
from tests.factories.users import UserFactory
from tests.postgresql.rights import as_application
from users.identity.models import User

SUSPEND = {"permission": "identity.suspend_user", "action": "user.suspend", "reason": "A reason."}


@pytest.fixture
def ask(controller):
    """A request of a controller."""
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.7")
    request.user = controller
    request.request_id = "request-1"
    return request


@pytest.fixture
def recorded(ask):
    with transaction.atomic():
        staff_record(
            staff_of(ask), action="user.suspend", target=Target("a", "b"), reason="A reason."
        )
    return StaffAction.objects.get()


class TestStaffAct:
    def test_records_who_did_what_to_whom_and_why(self, ask, controller):
        user = UserFactory()

        def rename():
            User.objects.filter(id=user.id).update(display_name="after")
            return "done"

        def state():
            user.refresh_from_db()
            return {"name": user.display_name}

        result = staff_act(ask, **SUSPEND, target=Target.of(user), act=rename, state=state)

        row = StaffAction.objects.get()
        assert result == "done"
        assert (row.actor_id, row.actor_email) == (str(controller.id), controller.email)
        assert (row.action, row.reason) == ("user.suspend", "A reason.")
        assert (row.target_type, row.target_id) == ("identity.user", str(user.id))
        assert (row.before, row.after) == ({"name": ""}, {"name": "after"})
        assert (row.request_id, row.ip) == ("request-1", "192.0.2.7")

    def test_does_nothing_without_the_permission(self, ask, staff_with):
        done = []
        for user in (staff_with(), staff_with(Role.SUPPORT), AnonymousUser()):
            ask.user = user
            with pytest.raises(PermissionDenied):
                staff_act(ask, **SUSPEND, target=Target("a"), act=lambda: done.append(1))

        assert not done
        assert not StaffAction.objects.exists()

    def test_leaves_no_record_of_what_was_not_done(self, ask):
        def fail():
            raise LookupError

        with pytest.raises(LookupError):
            staff_act(ask, **SUSPEND, target=Target("a"), act=fail)

        assert not StaffAction.objects.exists()

    @pytest.mark.parametrize("reason", ["", "  ", "ab", " abc", "abc "])
    def test_does_nothing_that_cannot_be_recorded(self, ask, reason):
        user = UserFactory()

        def rename():
            User.objects.filter(id=user.id).update(display_name="after")

        with pytest.raises(IntegrityError):
            staff_act(ask, **{**SUSPEND, "reason": reason}, target=Target("a"), act=rename)

        user.refresh_from_db()
        assert user.display_name == ""

    @pytest.mark.parametrize(
        ("forwarded", "known"),
        [("203.0.113.9", "203.0.113.9"), ("1.1.1.1, 203.0.113.9", "203.0.113.9"), ("<b>", None)],
    )
    def test_believes_the_proxy_about_the_address(self, ask, forwarded, known):
        ask.META["HTTP_X_FORWARDED_FOR"] = forwarded

        assert staff_of(ask).ip == known


class TestStaffRehearse:
    def test_undoes_what_it_did(self, ask):
        user = UserFactory()

        def rename():
            User.objects.filter(id=user.id).update(display_name="after")
            return "would be done"

        result = staff_rehearse(ask, permission=SUSPEND["permission"], act=rename)

        user.refresh_from_db()
        assert (result, user.display_name) == ("would be done", "")
        assert not StaffAction.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_record_needs_the_transaction_of_its_deed(ask):
    with pytest.raises(transaction.TransactionManagementError):
        staff_record(staff_of(ask), action="x", target=Target("a"), reason="A reason.")


class TestRow:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE staff_action SET reason = 'another one'",
            "UPDATE staff_action SET actor_email = '' WHERE false",
            "DELETE FROM staff_action",
            "TRUNCATE staff_action",
        ],
    )
    def test_is_kept_from_the_owner_of_the_table_too(self, recorded, statement):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

        assert StaffAction.objects.get() == recorded

    def test_is_kept_from_the_bulk_paths_of_models(self, recorded):
        recorded.reason = "another one"
        for change in (
            lambda: StaffAction.objects.update(reason="another one"),
            lambda: StaffAction.objects.all().delete(),
            lambda: StaffAction.objects.bulk_update([recorded], ["reason"]),
            recorded.save,
            recorded.delete,
        ):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                change()

        assert StaffAction.objects.get().reason == "A reason."

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE staff_action SET reason = 'another one'",
            "DELETE FROM staff_action",
            "TRUNCATE staff_action",
            "ALTER TABLE staff_action DISABLE TRIGGER ALL",
            "DROP TABLE staff_action",
            "DROP FUNCTION staff_refuse_change() CASCADE",
            "SET session_replication_role = replica",
        ],
    )
    def test_is_kept_from_the_role_of_the_service(self, application, statement):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
            application.execute(statement)

        assert "append-only" not in str(raised.value)

    def test_may_be_added_and_read_by_the_role_of_the_service(self, application):
        granted = application.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = current_user AND table_name = 'staff_action' ORDER BY 1"
        ).fetchall()

        assert [name for (name,) in granted] == ["INSERT", "SELECT"]


@pytest.mark.django_db
class TestPages:
    PAGE = "admin:staff_staffaction"

    @pytest.fixture
    def boss(self, console_of):
        return console_of(UserFactory(staff=True))

    def test_show_what_was_done(self, boss, ask):
        user = UserFactory()
        staff_act(
            ask, **{**SUSPEND, "reason": "<b>why</b>"}, target=Target.of(user), act=lambda: None
        )
        row = StaffAction.objects.get()

        listed = boss.get(reverse(f"{self.PAGE}_changelist"), {"q": str(user.id)}).content.decode()
        shown = boss.get(reverse(f"{self.PAGE}_change", args=[row.pk])).content.decode()

        for page in (listed, shown):
            assert "&lt;b&gt;why&lt;/b&gt;" in page
            assert reverse("admin:identity_user_change", args=[user.id]) in page

    def test_are_where_the_history_of_a_row_leads(self, boss, ask):
        user = UserFactory()
        staff_act(ask, **SUSPEND, target=Target.of(user), act=lambda: None)

        history = boss.get(reverse("admin:identity_user_history", args=[user.pk]), follow=True)

        assert list(history.context["cl"].result_list) == [StaffAction.objects.get()]

    def test_filter_by_what_was_done(self, boss, recorded):
        page = reverse(f"{self.PAGE}_changelist")

        found = boss.get(page, {"action": "user.suspend"}).context["cl"].result_list
        others = boss.get(page, {"action": "user.close"}).context["cl"].result_list

        assert list(found) == [recorded]
        assert not others

    def test_let_not_even_a_superuser_change_anything(self, boss, recorded):
        change = reverse(f"{self.PAGE}_change", args=[recorded.pk])
        delete = reverse(f"{self.PAGE}_delete", args=[recorded.pk])
        listed = reverse(f"{self.PAGE}_changelist")

        assert boss.post(change, {"reason": "another one"}).status_code == 403
        assert boss.post(delete, {"post": "yes"}).status_code == 403
        assert boss.post(reverse(f"{self.PAGE}_add"), {"reason": "A reason."}).status_code == 403
        boss.post(
            listed,
            {"action": "delete_selected", "_selected_action": [recorded.pk], "post": "yes"},
        )
        boss.post(listed, {"form-0-id": recorded.pk, "form-0-reason": "x", "_save": "Save"})

        assert StaffAction.objects.get().reason == "A reason."


@pytest.fixture
def application(django_db_setup):
    """A connection as the role that web and consumer run as."""
    with as_application("USERS_DATABASE_URL") as session:
        yield session
