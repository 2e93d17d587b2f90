"""How the service starts: settings, routes, schedule."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.urls import get_resolver

from common.api.permissions import DenyAll
from users.celery import app

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "users.settings.production",
    "USERS_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "USERS_MFA_SECRETS": "zyxwvutsrqponmlkjihgfedcba9876543210ZYXWVUTSRQPONMLKJIHGFEDCBA",
    "USERS_ALLOWED_HOSTS": "api.example.com",
    "USERS_CONSOLE_URL": "https://console.example.com",
    "PUBLIC_URL": "https://api.example.com",
    "USERS_DATABASE_URL": "postgres://users_app@127.0.0.1:1/users",
    "USERS_MIGRATION_DATABASE_URL": "postgres://users_owner@127.0.0.1:1/users",
    "USERS_SIGNING_KEYS_DIR": "/nowhere",
    "TRANSACTIONS_INTERNAL_URL": "http://transactions-web:4002",
    "USERS_TO_TRANSACTIONS_SECRET": "0123456789abcdefghijklmnopqrstuv",
    "STAFF_SIGN_ON_SECRET": "abcdefghijklmnopqrstuv0123456789",
    "TRANSACTIONS_TO_USERS_SECRET": "vutsrqponmlkjihgfedcba9876543210",
    "USERS_CELERY_BROKER_URL": "memory://",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    known.pop("DATABASE_ROLE", None)
    return subprocess.run(
        [sys.executable, "users/manage.py", *arguments],
        cwd=ROOT,
        env={**known, **PRODUCTION, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


class TestSettings:
    def test_of_production_pass_the_deployment_check_without_a_warning(self):
        done = manage("check", "--deploy", "--fail-level", "WARNING")

        assert done.returncode == 0, done.stderr
        assert "no issues (0 silenced)" in done.stdout + done.stderr

    def test_of_production_know_no_debugging_and_give_no_tokens(self):
        code = (
            "from django.conf import settings as s;"
            "print(s.DEBUG, s.ALLOW_ISSUING_TOKENS, s.ACCOUNT_EMAIL_VERIFICATION,"
            " s.STAFF_MFA_REQUIRED, s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME,"
            " s.SESSION_COOKIE_SECURE, *s.PASSWORD_HASHERS)"
        )
        quick = {"PASSWORD_HASHERS": "tests.passwords.QuickArgon2"}  # which only local ones take
        done = manage("shell", "--no-imports", "-c", code, **quick)

        assert done.stdout.split() == [
            "False", "False", "mandatory", "True", "users_session", "users_csrf", "True",
            "django.contrib.auth.hashers.Argon2PasswordHasher",
        ], done.stderr  # fmt: skip

    @pytest.mark.parametrize("secret", ["", "x" * 31, "x" * 40 + " ", "\u00e9" * 40])
    def test_take_no_secret_of_the_other_service_that_could_be_guessed_or_not_be_sent(self, secret):
        done = manage("check", TRANSACTIONS_TO_USERS_SECRET=secret)

        assert done.returncode != 0
        assert "TRANSACTIONS_TO_USERS_SECRET must" in done.stderr

    @pytest.mark.parametrize(
        "name",
        [
            "USERS_SECRET_KEY",
            "USERS_SIGNING_KEYS_DIR",
            "USERS_TO_TRANSACTIONS_SECRET",
            "USERS_MFA_SECRETS",
            "STAFF_SIGN_ON_SECRET",
        ],
    )
    def test_of_production_have_no_default_for_what_must_be_said(self, name):
        environment = {**os.environ, **PRODUCTION}
        del environment[name]
        done = subprocess.run(
            [sys.executable, "users/manage.py", "check"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode != 0
        assert name in done.stderr

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("USERS_MFA_SECRETS", "x" * 31),
            ("USERS_MFA_SECRETS", "x" * 40 + ",short"),
            ("LOGIN_EVENTS_KEEP_DAYS", "89"),
        ],
    )
    def test_take_no_weak_secret_and_no_trail_that_the_database_would_keep(self, name, value):
        done = manage("check", **{name: value})

        assert done.returncode != 0
        assert f"{name} must" in done.stderr

    def test_of_local_start_too(self, tmp_path):
        done = manage(
            "check",
            DJANGO_SETTINGS_MODULE="users.settings.local",
            MAIL_DIR=str(tmp_path),
            USERS_CELERY_BROKER_URL="filesystem://",
            USERS_CELERY_BROKER_DIR=str(tmp_path / "broker"),
        )

        assert done.returncode == 0, done.stderr


@pytest.mark.django_db
class TestDatabase:
    def test_needs_no_migration_that_is_not_there(self):
        done = manage("makemigrations", "--check", "--dry-run", "identity", "submissions")

        assert done.returncode == 0, done.stdout

    def test_holds_the_shared_cache(self):
        cache.set("a", 1)

        assert cache.get("a") == 1
        assert "cache_entry" in connection.introspection.table_names()


class TestRoutes:
    def views(self) -> list[object]:
        found = []

        def walk(patterns) -> None:
            for pattern in patterns:
                if hasattr(pattern, "url_patterns"):
                    walk(pattern.url_patterns)
                elif hasattr(pattern.callback, "cls"):
                    found.append(pattern.callback.cls)

        walk(get_resolver().url_patterns)
        return found

    def test_each_say_who_may_call_them(self):
        views = self.views()

        assert len(views) >= 5
        for view in views:
            assert view.permission_classes, view
            assert DenyAll not in view.permission_classes, view

    def test_deny_by_default(self):
        assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == [
            "common.api.permissions.DenyAll"
        ]

    @pytest.mark.parametrize("path", ["/", "/nothing", "/api/v1/", "/api/v1/nothing", "/api/v2/x"])
    def test_that_are_unknown_are_404_as_a_problem(self, client, path):
        response = client.get(path)

        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "not_found"

    @pytest.mark.django_db
    def test_tell_live_and_ready(self, client):
        assert client.get("/healthz/live").status_code == 200
        assert client.get("/healthz/ready").status_code == 200

    def test_show_the_pages_of_the_api_from_our_own_files(self, client):
        page = client.get("/users/docs")

        assert page.status_code == 200
        content = page.content.decode()
        assert "/users/static/" in content
        assert "cdn." not in content

    def test_describe_every_route_of_the_api(self, client):
        schema = client.get("/users/schema", headers={"Accept": "application/json"}).json()

        assert schema["openapi"].startswith("3.1")
        # What allauth offers is compared with its routes where it is described.
        others = ("/api/v1/auth/", "/.well-known/")
        assert {path for path in schema["paths"] if not path.startswith(others)} == {
            "/api/v1/users/me",
            "/api/v1/users/me/close",
            "/api/v1/transactions",
            "/api/v1/transactions/batch",
            "/api/v1/transactions/{transaction_id}",
            "/api/v1/transactions/{transaction_id}/events",
            "/api/v1/transactions/{transaction_id}/capture",
            "/api/v1/transactions/{transaction_id}/void",
            "/api/v1/transactions/{transaction_id}/reverse",
            "/api/v1/transactions/{transaction_id}/commands/{command_id}",
        }
        submit = schema["paths"]["/api/v1/transactions"]["post"]
        assert submit["security"] == [{"bearer": []}]
        amount = schema["components"]["schemas"]["SubmitInput"]["properties"]["amount"]
        assert (amount["type"], amount["minimum"]) == ("integer", 1)


class TestSchedule:
    def test_names_tasks_that_exist_and_lets_none_pile_up(self):
        app.loader.import_default_modules()

        assert app.conf.beat_schedule
        for entry in app.conf.beat_schedule.values():
            assert entry["task"] in app.tasks
            assert entry["options"]["expires"] == entry["schedule"].total_seconds()

    def test_sweeps_without_the_limits_of_a_web_request(self):
        show = (
            "import users.celery; from celery.signals import worker_init;"
            " from django.db import connection; worker_init.send(sender=None);"
            " print(connection.settings_dict['OPTIONS'])"
        )
        options = manage("shell", "--verbosity", "0", "--command", show).stdout

        assert "lock_timeout" in options
        assert "statement_timeout" not in options
        assert "pool" not in options
