import pytest
from django.core.management import CommandError, call_command

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
        monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "a password of tests")
        call_command("seed_demo", verbosity=0)
        call_command("seed_demo", verbosity=0)

        (staff,) = django_user_model.objects.all()
        assert (staff.username, staff.email) == ("admin@example.com", "admin@example.com")
        assert staff.is_staff
        assert staff.is_superuser
        assert staff.check_password("a password of tests")

    def test_says_what_is_missing(self, monkeypatch):
        monkeypatch.delenv("DEMO_ADMIN_PASSWORD", raising=False)

        with pytest.raises(CommandError, match="DEMO_ADMIN_PASSWORD"):
            call_command("seed_demo")
