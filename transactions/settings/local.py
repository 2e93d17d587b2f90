"""One machine without TLS: the embedded system that `manage_all.sh` starts."""

from common import settings as shared
from transactions.console import console
from transactions.settings.base import *  # noqa: F403

WHITENOISE_USE_FINDERS = True

globals().update(shared.cookies("transactions", secure=False))

# The demo's staff sign in with a password that was just made, and everybody on one machine has the
# same address.
STAFF_MFA_REQUIRED = shared.env.bool("STAFF_MFA_REQUIRED", default=False)
ACCOUNT_RATE_LIMITS = {"login_failed": "10000/m/ip"}

# Stacks of tests name one that is less work; everywhere else it is as in production.
PASSWORD_HASHERS = shared.env.list("PASSWORD_HASHERS", default=shared.PASSWORD_HASHERS)

UNFOLD = console("local")
