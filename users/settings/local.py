"""One machine, plain HTTP, mails as files; everything else as in production."""

from common.settings import cookies, env
from users.console import console
from users.settings.base import *  # noqa: F403

globals().update(cookies("users", secure=False))
UNFOLD = console("local")

ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="optional")
ALLOW_ISSUING_TOKENS = True
# The demo's staff sign in with a password that was just made; with an authenticator, nobody could
# look around before setting one up.
STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", default=False)

# Everybody on one machine has the same address, and its demo, tests and load are one client.
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    (
        *("signup", "login", "confirm_email", "reset_password", "reset_password_from_key"),
        *("change_password", "manage_email", "reauthenticate", "login_failed"),
    ),
    "10000/m/ip",
)

# Stacks of tests name one that is less work; everywhere else it is as in production.
PASSWORD_HASHERS = env.list("PASSWORD_HASHERS", default=PASSWORD_HASHERS)  # noqa: F405  of the base settings

# Static files come straight from the packages, so that nothing has to be collected first.
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
