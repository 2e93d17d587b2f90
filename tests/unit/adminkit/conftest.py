"""A console of its own, on a database in memory, for what both consoles share."""

from pathlib import Path

import django
import pytest
from django.conf import settings

from common.console import Page, Section, admin_site_settings

COMMON = Path(__file__).parents[3] / "common"

if settings.configured:
    collect_ignore_glob = ["test_*.py"]  # somebody runs all tests under the settings of a service
else:
    settings.configure(
        SECRET_KEY="only-for-tests",
        ALLOWED_HOSTS=["testserver"],
        USE_TZ=True,
        TIME_ZONE="UTC",
        LANGUAGE_CODE="en",
        FORMAT_MODULE_PATH=["common.formats"],
        ROOT_URLCONF="tests.unit.adminkit.site",
        STATIC_URL="/static/",
        STATICFILES_DIRS=[COMMON / "static"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TWIN_CONSOLE_URL="",
        INSTALLED_APPS=[
            "unfold",
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
        ],
        MIDDLEWARE=[
            "common.api.security_headers.SecurityHeadersMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "DIRS": [COMMON / "templates"],
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                },
            }
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        UNFOLD=admin_site_settings(
            title="Tests",
            symbol="science",
            accent="indigo",
            environment="test",
            navigation=[
                Section(
                    title="People",
                    pages=[Page(title="Accounts", model="auth.User", icon="person")],
                )
            ],
            home="tests.unit.adminkit.site.home",
        ),
    )
    django.setup()


@pytest.fixture(scope="session", autouse=True)
def database() -> None:
    """The tables of Django's own apps."""
    from django.core.management import call_command  # noqa: PLC0415  after the setup above

    call_command("migrate", verbosity=0)
