"""
Housekeeping on a schedule; money never passes here, and nothing is lost while this is down.

Each entry expires after its interval: a file-system broker keeps every message for a worker
that is down, and would hand it all of them at once (P56).
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "users.settings.production")

_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S

app = Celery("users")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["users.identity"])
app.conf.beat_schedule = {
    "sessions_clear": {
        "task": "users.identity.tasks.sessions_clear",
        "schedule": _DAY_S,
        "options": {"expires": _DAY_S},
    },
    "refresh_tokens_purge": {
        "task": "users.identity.tasks.refresh_tokens_purge",
        "schedule": _HOUR_S,
        "options": {"expires": _HOUR_S},
    },
}
