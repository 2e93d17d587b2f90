"""Housekeeping: idempotent sweeps on a static schedule, never the money's road."""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.signals import worker_init
from django.core.management import call_command

from common.db.timeouts import timeouts_use

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transactions.settings.production")

app = Celery("transactions")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _every(interval: timedelta, task: str) -> dict[str, Any]:
    """A schedule entry whose message dies with its interval, so that none pile up (P56)."""
    return {"task": task, "schedule": interval, "options": {"expires": interval.total_seconds()}}


app.conf.beat_schedule = {
    "sessions-clear": _every(timedelta(days=1), "transactions.sessions_clear"),
    "balances-check": _every(timedelta(minutes=5), "ledger.balances_check"),
}


@worker_init.connect
def _connect_as_command(**_: Any) -> None:
    """Sweeps may take longer than a web request, and need no pool."""
    timeouts_use("command")


@app.task(name="transactions.sessions_clear")
def sessions_clear() -> None:
    """Delete the sessions of staff that have expired."""
    call_command("clearsessions")
