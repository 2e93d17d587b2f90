"""
Housekeeping of either service: idempotent sweeps on a static schedule, never the money's road.

Nothing is lost while it is down.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celery import Celery, shared_task
from celery.signals import worker_init
from django.core.management import call_command

from common.db.timeouts import timeouts_use

_DAY = timedelta(days=1)
_OF_BOTH = {
    "sessions_clear": _DAY,
    "inbox.sample_lag": timedelta(minutes=1),
    "reconciliation.reconcile_streams": timedelta(minutes=1),
    "reconciliation.prune_outbox": _DAY,
    "hourly.tallies_fold": timedelta(seconds=10),
}


def housekeeping_app(service: str, sweeps: Mapping[str, timedelta]) -> Celery:
    """
    Make a service's Celery app; `sweeps` says how often each of its own tasks runs, by name.

    A message expires after its task's interval: a file-system broker keeps every message for a
    worker that is down, and would hand it all of them at once (P56).
    """
    app = Celery(service)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()
    app.conf.beat_schedule = {
        task: {"task": task, "schedule": every, "options": {"expires": every.total_seconds()}}
        for task, every in {**_OF_BOTH, **sweeps}.items()
    }
    return app


@shared_task(name="sessions_clear")
def sessions_clear() -> None:
    """Delete sessions that have expired."""
    call_command("clearsessions")


@worker_init.connect
def connect_as_command(**_: Any) -> None:
    """Let sweeps take longer than a web request may, on one connection instead of a pool."""
    timeouts_use("command")
