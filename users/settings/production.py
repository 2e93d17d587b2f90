"""A deployment behind TLS; everything that differs between deployments is environment."""

from common.settings import cookies, production_security
from users.console import console
from users.settings.base import *  # noqa: F403
from users.settings.base import DEBUG

globals().update(cookies("users", secure=True))
UNFOLD = console("production")
globals().update(production_security())

if DEBUG:
    raise RuntimeError("DEBUG shows secrets to strangers; it stays off in production")
