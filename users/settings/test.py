"""The test run: the owner's connection without a pool, because tests create the database."""

import os
import tempfile

for name, value in {
    "DATABASE_ROLE": "owner",
    "USERS_SECRET_KEY": "only-for-tests-" + "x" * 50,
    "USERS_MFA_SECRETS": "only-for-tests-" + "m" * 50,
    "USERS_ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "USERS_CONSOLE_URL": "http://127.0.0.1:4001",
    "PUBLIC_URL": "http://127.0.0.1:4000",
    "USERS_SIGNING_KEYS_DIR": os.path.join(tempfile.gettempdir(), "users-signing-keys-none"),  # noqa: PTH118
    "TRANSACTIONS_INTERNAL_URL": "http://127.0.0.1:1",
    "USERS_TO_TRANSACTIONS_SECRET": "shown-by-users-in-tests-" + "x" * 32,
    "TRANSACTIONS_TO_USERS_SECRET": "shown-by-transactions-in-tests-" + "x" * 32,
    "STAFF_SIGN_ON_SECRET": "shown-at-sign-ons-in-tests-" + "x" * 32,
    "USERS_CELERY_BROKER_URL": "memory://",
    "USERS_MIGRATION_DATABASE_URL": os.environ.get("USERS_DATABASE_URL", ""),
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "KAFKA_REPLICATION_FACTOR": "1",
    "OUTBOX_PUBLISH": "false",
    "LOG_LEVEL": "WARNING",
}.items():
    os.environ.setdefault(name, value)
os.environ["DATABASE_ROLE"] = "owner"

from common.settings import cookies  # noqa: E402  reads the environment
from users.console import console  # noqa: E402
from users.settings.base import *  # noqa: E402, F403
from users.settings.base import INSTALLED_APPS  # noqa: E402

globals().update(cookies("users", secure=False))
UNFOLD = console("test")

# Empties the tables between tests although some of them refuse it.
DATABASES["default"]["ENGINE"] = "tests.postgresql"  # noqa: F405  of the base settings
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE")}  # noqa: F405  as above

ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_RATE_LIMITS = False
STAFF_MFA_REQUIRED = False
"""Most tests have no use for it; those of second factors and of the console turn it on."""
EVEN_ANSWERS_S = 0.0
"""Only the test of times waits."""
ALLOW_ISSUING_TOKENS = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Argon2 is slow on purpose; tests sign people up by the hundred.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True

OUTBOX_PUBLISH = False
"""Tests of single parts publish by hand, where publishing is what they test."""

if os.environ.get("CRASH_AT"):
    INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.crash_points.CrashPoints"]
