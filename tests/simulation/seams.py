"""Where the fakes go: module-level names of the code under test, and nothing inside of it."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from inspect import isfunction
from typing import Any
from unittest.mock import patch

from django.db.backends.base.base import BaseDatabaseWrapper

from common.inbox import ahead, batch, consumer, isolate, replay
from common.outbox import append, drain, marker, publisher, rows
from common.reconciliation import sweep
from tests.simulation import (
    clock,
    inbox_tables,
    letters,
    outbox_tables,
    publishing,
    reconciling,
    requests,
)
from tests.simulation.database import FakeTransactions
from tests.simulation.planned import PlannedBug
from tests.simulation.scheduler import here, scheduler
from tests.simulation.sender import Sender
from users.submissions import services

_STATEMENTS = {"common.inbox.cursors", "common.inbox.dead", "common.inbox.waiting"}


def _refuse(*_: Any) -> None:
    raise AssertionError("the simulation has met a real database: a fake is missing")


class FakeSettings:
    """The settings of the service that the running process belongs to."""

    OUTBOX_PUBLISH = True
    OUTBOX_BACKLOG_MAX = 100_000

    @property
    def OUTBOX_SOURCE(self) -> str:  # noqa: N802  a setting
        return here().side.source

    @property
    def OUTBOX_TOPIC(self) -> str:  # noqa: N802  as above
        return here().side.topic


class FakeLog:
    """Writes into the trace; an error that nobody planned ends the run."""

    def info(self, event: str, **words: Any) -> None:
        scheduler().note(f"{event} {words}")

    warning = error = info

    def exception(self, event: str, **words: Any) -> None:
        error = sys.exc_info()[1]
        scheduler().note(f"{event} {error!r} {words}")
        if error is not None and not isinstance(error, PlannedBug):
            scheduler().fail(error)


def _statements(module: Any) -> Iterator[tuple[Any, str, Any]]:
    """A fake for whatever a module has of those that hold the inbox's statements."""
    for name, known in vars(module).items():
        if isfunction(known) and known.__module__ in _STATEMENTS:
            yield module, name, getattr(inbox_tables, name)


def _seams() -> Iterator[tuple[Any, str, Any]]:
    log, transaction, settings = FakeLog(), FakeTransactions(), FakeSettings()
    for module in (batch, isolate, replay, append):
        yield module, "transaction", transaction
    for module in (consumer, isolate, replay, drain, publisher, sweep):
        yield module, "log", log
    for module in (batch, isolate, consumer):
        yield from list(_statements(module))
    for module in (consumer, publisher):
        yield module, "time", clock.FakeTime()
        yield module, "random", clock.FakeRandom()
    yield consumer, "close_old_connections", lambda: None
    yield ahead, "ThreadPoolExecutor", publishing.FakeExecutor
    yield BaseDatabaseWrapper, "connect", _refuse
    yield from _outbox(settings)
    yield from _letters()
    yield from _requests()
    yield sweep, "heads", reconciling.FakeHeads()
    yield sweep, "peer_ask", reconciling.peer_ask
    yield sweep, "group_places", reconciling.group_places
    yield sweep, "outbox_republish", reconciling.outbox_republish
    yield sweep, "settings", settings


def _outbox(settings: FakeSettings) -> Iterator[tuple[Any, str, Any]]:
    yield drain, "rows_claim", publishing.rows_claim
    yield drain, "stream_block", publishing.stream_block
    yield rows, "settings", settings
    yield marker, "rows_mark", publishing.rows_mark
    yield marker, "publisher_connection", publishing.Session
    yield marker, "ThreadPoolExecutor", publishing.FakeExecutor
    yield publisher, "PublisherSession", publishing.Session
    yield publisher, "producer_open", lambda: Sender(here().side.broker)
    yield publisher, "_backlog_full", lambda _: False
    yield append, "connection", outbox_tables.FakeConnection()
    yield append, "stream_take", outbox_tables.stream_take
    yield append, "_streams_take", outbox_tables.streams_take
    yield append, "_store", outbox_tables.message_store
    yield append, "_store_many", outbox_tables.messages_store


def _letters() -> Iterator[tuple[Any, str, Any]]:
    yield replay, "letter_hold", letters.letter_hold
    yield replay, "action_record", letters.action_record
    yield replay, "_check_failures", lambda _: None
    yield replay, "_put_back", letters.put_back
    yield replay, "_answer", letters.answer
    yield replay, "_fail", letters.fail


def _requests() -> Iterator[tuple[Any, str, Any]]:
    yield services, "TransactionRequest", requests.Request
    yield services, "request_accept", requests.request_accept
    yield services, "transaction_by_key", requests.transaction_by_key
    yield services, "stream_accepts", outbox_tables.stream_accepts
    yield services, "publisher", requests.FakePublisher
    yield services, "uuid7", requests.new_id
    yield services, "facts_read", requests.facts_read


@contextmanager
def seams() -> Iterator[None]:
    """Put every fake in its place; the code under test runs in the simulation until the end."""
    with ExitStack() as stack:
        for module, name, fake in _seams():
            stack.enter_context(patch.object(module, name, fake))
        yield
