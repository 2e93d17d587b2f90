import pytest
from django.core.management import CommandError, call_command

from common.staff.groups import roles_of
from common.staff.roles import Role
from transactions.celery import app


class TestSchedule:
    def test_lets_no_message_outlive_its_interval(self):
        for entry in app.conf.beat_schedule.values():
            assert entry["options"]["expires"] == entry["schedule"].total_seconds()

    def test_names_tasks_that_exist(self):
        app.loader.import_default_modules()

        assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


@pytest.mark.django_db
class TestSeedDemo:
    def test_makes_staff_that_can_log_in_and_does_it_once(self, monkeypatch, django_user_model):
        for name in ("admin", *Role):
            monkeypatch.setenv(f"DEMO_{name.upper()}_PASSWORD", f"a password of {name}")
        call_command("seed_demo", verbosity=0)
        call_command("seed_demo", verbosity=0)

        made = {user.username: user for user in django_user_model.objects.all()}
        assert set(made) == {f"{name}@example.com" for name in ("admin", *Role)}
        for address, user in made.items():
            name = address.partition("@")[0]
            assert user.email == address
            assert user.is_staff
            assert user.is_superuser == (name == "admin")
            assert roles_of(user) == ([] if name == "admin" else [name])
            assert user.check_password(f"a password of {name}")

    def test_says_what_is_missing(self, monkeypatch):
        monkeypatch.delenv("DEMO_ADMIN_PASSWORD", raising=False)

        with pytest.raises(CommandError, match="DEMO_ADMIN_PASSWORD"):
            call_command("seed_demo")


@pytest.mark.django_db
class TestCreateStaff:
    def test_makes_somebody_with_a_role(self, monkeypatch, client, django_user_model):
        monkeypatch.setenv("STAFF_PASSWORD", "a long enough pass phrase")

        call_command("create_staff", "Night@Example.com", "--role", "auditor")

        user = django_user_model.objects.get()
        assert (user.username, user.email) == ("night@example.com", "night@example.com")
        assert (user.is_staff, user.is_superuser, roles_of(user)) == (True, False, ["auditor"])
        assert client.login(username=user.username, password="a long enough pass phrase")

    @pytest.mark.parametrize(
        ("words", "password"),
        [
            (["night@example.com"], "a long enough pass phrase"),
            (["nobody", "--superuser"], "a long enough pass phrase"),
            (["night@example.com", "--superuser"], "12345"),
        ],
    )
    def test_refuses_what_is_of_no_use(self, monkeypatch, django_user_model, words, password):
        monkeypatch.setenv("STAFF_PASSWORD", password)

        with pytest.raises(CommandError):
            call_command("create_staff", *words)
        assert not django_user_model.objects.exists()

    def test_refuses_an_address_that_is_taken(self, monkeypatch):
        monkeypatch.setenv("STAFF_PASSWORD", "a long enough pass phrase")
        call_command("create_staff", "night@example.com", "--superuser")

        with pytest.raises(CommandError, match="is there already"):
            call_command("create_staff", "night@example.com", "--role", "support")
