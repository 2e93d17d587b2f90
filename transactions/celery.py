"""Housekeeping of the transactions service."""

import os
from datetime import timedelta

from common.housekeeping import housekeeping_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transactions.settings.production")

app = housekeeping_app(
    "transactions",
    {
        "ledger.seal_journal": timedelta(seconds=10),
        "ledger.check_chain": timedelta(minutes=5),
        "ledger.check_ledger": timedelta(minutes=5),
    },
)
