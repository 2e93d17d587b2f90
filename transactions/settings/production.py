"""Behind TLS, which the gateway's proxy terminates."""

from common import settings as shared
from transactions.console import console
from transactions.settings.base import *  # noqa: F403

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

globals().update(shared.cookies("transactions", secure=True))
globals().update(shared.production_security())

UNFOLD = console("production")
