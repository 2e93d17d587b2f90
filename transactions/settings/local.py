"""One machine without TLS: the embedded system that `manage_all.sh` starts."""

from common import settings as shared
from transactions.console import console
from transactions.settings.base import *  # noqa: F403

WHITENOISE_USE_FINDERS = True

globals().update(shared.cookies("transactions", secure=False))

UNFOLD = console("local")
