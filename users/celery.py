"""Housekeeping of the users service."""

import os
from datetime import timedelta

from common.housekeeping import housekeeping_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "users.settings.production")

app = housekeeping_app(
    "users",
    {
        "users.identity.tasks.refresh_tokens_purge": timedelta(hours=1),
        "users.identity.tasks.login_events_prune": timedelta(days=1),
        "users.identity.tasks.signing_key_retire": timedelta(minutes=1),
        "users.sign_on.tasks.sign_on_tokens_purge": timedelta(hours=1),
        "users.submissions.tasks.holds_expire": timedelta(seconds=10),
        "users.submissions.tasks.proposals_expire": timedelta(minutes=1),
    },
)
