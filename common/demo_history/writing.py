"""What both services' commands do to write a past."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

import structlog
from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error, connection
from django.utils import timezone

from common.console_progress import counting
from common.db.transient import is_transient
from common.demo_history.scale import Scale, scale_of

log = structlog.get_logger(__name__)

Given = ParamSpec("Given")
Result = TypeVar("Result")

_PAUSES_S = (1.0, 5.0, 15.0, 30.0)
_RESET = "`./manage_all.sh reset` removes all data"


class OtherPast(Exception):
    """There is a past of another scale, or that ends at another time."""


class Past(Protocol):
    """One service's side of a past."""

    def is_whole(self) -> bool: ...

    def write(self, *, on_steps: Callable[[int], None]) -> None: ...


class PastOf(Protocol):
    def __call__(self, scale: Scale, *, keep_from: datetime) -> Past: ...


def tried_again(write: Callable[Given, Result]) -> Callable[Given, Result]:
    """
    Try a part of a past again that the database has given up, because it is busy or was restarted.

    A part is one transaction, so nothing of it is there then.
    """

    @wraps(write)
    def patient(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        for pause_s in _PAUSES_S:
            try:
                return write(*args, **kwargs)
            except Error as error:
                if not is_transient(error):
                    raise
                log.warning("past_part_failed", error=str(error), pause_s=pause_s)
            connection.close()
            time.sleep(pause_s)
        return write(*args, **kwargs)

    return patient


def past_write(past_of: PastOf, options: dict[str, Any]) -> str:
    """
    Write the past that the arguments ask for; says what was done.

    Raises `CommandError` when it is there already.
    """
    now = timezone.now()
    scale = scale_of(options, now=now)
    if scale.until > now:
        raise CommandError("--until is in the future")
    past = past_of(scale, keep_from=scale.until - timedelta(days=settings.OUTBOX_KEEP_DAYS))
    try:
        if past.is_whole():
            raise CommandError(f"this past is there already; {_RESET}")
    except OtherPast:
        raise CommandError(f"another past is there already; {_RESET}") from None
    began = time.monotonic()
    with counting("requests and commands") as on_steps:
        past.write(on_steps=on_steps)
    return (
        f"made {scale.users:,} people, {scale.transactions:,} transactions and"
        f" {scale.dead_letters:,} dead letters until {scale.until:%Y-%m-%d %H:%M} UTC"
        f" in {time.monotonic() - began:,.0f} s"
    )
