"""Logs: one JSON object a line (or coloured lines for people), control characters escaped."""

import logging
import re
import time
from typing import Any

import structlog

_DIGITS = re.compile(r"\d+")

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]

# Without local variables: they hold tokens, passwords and bodies.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


class RepeatFilter(logging.Filter):
    """
    Lets a message pass once in so many seconds; digits in it do not make it another one.

    For libraries that say the same about every attempt.
    """

    _KNOWN_MAX = 1000

    def __init__(self, *, every_s: float) -> None:
        super().__init__()
        self._every_s = every_s
        self._passed_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        message = _DIGITS.sub("#", record.getMessage())
        now = time.monotonic()
        if now - self._passed_at.get(message, -self._every_s) < self._every_s:
            return False
        if len(self._passed_at) >= self._KNOWN_MAX:
            self._passed_at.clear()
        self._passed_at[message] = now
        return True


def logging_config(*, log_format: str, level: str) -> dict[str, Any]:
    """
    Django's LOGGING for a service and, as a side effect, structlog's configuration.

    `log_format` is `json` or `console`. Standard library loggers are rendered the same way.
    """
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_renderers(log_format),
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stdout"], "propagate": False},
            "gunicorn.error": {"handlers": ["stdout"], "propagate": False, "level": level},
            "_granian": {"handlers": ["stdout"], "propagate": False, "level": level},
        },
    }


def _renderers(log_format: str) -> list[Any]:
    if log_format == "console":
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    return [_TRACEBACKS, structlog.processors.JSONRenderer()]
