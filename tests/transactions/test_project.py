"""The service as a deployment starts it."""

import os
import subprocess
import sys

import pytest
from django.core.management import call_command

from common.api.permissions import IsCaller
from common.settings import ROOT, env
from transactions.ledger import urls as ledger_urls


def manage(*arguments, **environment):
    of_the_test_run = {"DJANGO_SETTINGS_MODULE", "DATABASE_ROLE"}
    known = {name: value for name, value in os.environ.items() if name not in of_the_test_run}
    return subprocess.run(
        [sys.executable, "transactions/manage.py", *arguments],
        cwd=ROOT,
        env={**known, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestManage:
    def test_finds_nothing_to_say_about_a_deployment(self):
        done = manage("check", "--deploy", "--fail-level", "WARNING")

        assert done.returncode == 0, done.stderr
        assert "no issues" in done.stdout

    def test_runs_from_any_folder(self, tmp_path):
        program = ROOT / "transactions" / "manage.py"
        done = subprocess.run(
            [sys.executable, str(program), "check"],
            cwd=tmp_path,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "transactions.settings.local"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert done.returncode == 0, done.stderr

    def test_migrates_as_the_owner_and_runs_as_the_application(self):
        nobody = "postgres://nobody@127.0.0.1:1/nothing"
        show = "from django.conf import settings; print(settings.DATABASES['default']['USER'])"

        asked = manage("shell", "--verbosity", "0", "--command", show)
        planned = manage("migrate", "--plan", TRANSACTIONS_DATABASE_URL=nobody)

        assert asked.stdout.strip() == env.db_url("TRANSACTIONS_DATABASE_URL")["USER"]
        assert planned.returncode == 0, planned.stderr


class TestRoutes:
    @pytest.mark.parametrize("route", ledger_urls.urlpatterns, ids=lambda route: route.name)
    def test_are_open_to_callers_with_a_token_only(self, route):
        assert route.callback.cls.permission_classes == (IsCaller,)


@pytest.mark.django_db
class TestMigrations:
    def test_describe_the_models_as_they_are(self):
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
class TestReversibility:
    def test_goes_back_to_the_tables_alone_and_forward_again(self):
        call_command("migrate", "ledger", "0001", verbosity=0)
        call_command("migrate", "ledger", verbosity=0)
