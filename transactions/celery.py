"""Housekeeping of the transactions service."""

import os
from datetime import timedelta

from common.housekeeping import housekeeping_app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transactions.settings.production")

app = housekeeping_app("transactions", {"ledger.balances_check": timedelta(minutes=5)})
