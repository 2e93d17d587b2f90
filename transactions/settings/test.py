"""Tests: as the owner, who may create the test database, and without a pool."""

import os

from common import settings as shared
from common.db.timeouts import timeout_options
from transactions.console import console
from transactions.settings.base import *  # noqa: F403
from transactions.settings.base import INSTALLED_APPS, env

DATABASES = {
    "default": {
        **env.db_url("TRANSACTIONS_MIGRATION_DATABASE_URL"),
        # Empties the tables between tests although the ledger refuses it.
        "ENGINE": "tests.postgresql",
        "OPTIONS": {"connect_timeout": 3, "options": timeout_options("consumer")},
        "TEST": {"NAME": os.environ.get("TEST_DATABASE")},
    }
}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

globals().update(shared.cookies("transactions", secure=False))

ACCOUNT_RATE_LIMITS = False
STAFF_MFA_REQUIRED = False
"""Most tests have no use for it; those of second factors turn it on."""

OUTBOX_PUBLISH = False
"""Tests of single parts publish by hand, where publishing is what they test."""

UNFOLD = console("test")

if os.environ.get("CRASH_AT"):
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.crash_points.CrashPoints"]
