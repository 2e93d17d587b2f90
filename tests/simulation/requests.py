"""The table of transaction requests, and what stands for its statements."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from msgspec import structs

from common.outbox.append import NewEvent
from common.outbox.errors import StreamNotAccepting
from tests.simulation.clock import now
from tests.simulation.database import FakeTransactions, Transaction, autocommit, statement
from tests.simulation.outbox_tables import FakeWake, message_store, stream_take_accepting
from tests.simulation.places import numbered_id
from tests.simulation.scheduler import here, scheduler
from users.submissions import models
from users.submissions.refusals import Facts

REQUESTS = "transaction_request"
KEYS = "transaction_request_key"
_IDS_FROM = 10**9


@dataclass(slots=True, kw_only=True)
class Request:
    """A row of `transaction_request`."""

    Kind: ClassVar[Any] = models.TransactionRequest.Kind

    id: UUID
    user_id: UUID
    requested_by_id: UUID
    kind: str
    counterparty_id: UUID | None
    amount: int
    currency: str
    capture: str
    reference: str | None
    description: str | None
    metadata: dict[str, str]
    idempotency_key: str
    fingerprint: str
    request_id: str
    traceparent: str | None
    accepted_at: datetime = field(default_factory=now)
    hold_expires_in_s: int | None = None
    hold_expires_at: datetime | None = None
    status: str = "pending"


class FakePublisher(FakeWake):
    """Stands for the module `publisher` where requests are accepted."""

    @staticmethod
    def backlog_full() -> bool:
        return False


def facts_read(**facts: Any) -> Facts:
    """Everybody may, and nobody has used a reference: only streams say no here."""
    return Facts(is_treasury=True, statuses={}, references={}, accepting=facts["accepting"])


def new_id() -> UUID:
    """An id that is easy to read in a trace."""
    return numbered_id(_IDS_FROM + here().side.database.draw("id"))


class Taken(Exception):
    """Another request of the same key was quicker."""


def _key_claim(opened: Transaction, place: tuple[UUID, str]) -> None:
    opened.lock(KEYS, place)
    if opened.read(KEYS, place) is not None:
        raise Taken


def request_accept(request: Request, announcement: NewEvent) -> bool:
    """One statement, in a transaction of its own, with the moments at which it may wait or end."""
    place = (request.requested_by_id, request.idempotency_key)
    try:
        with FakeTransactions().atomic():
            opened = statement(f"accept {request.idempotency_key}")
            if opened.read(KEYS, place) is not None:
                return False
            slot = stream_take_accepting(stream=request.user_id)
            _key_claim(opened, place)
            request.accepted_at = slot.taken_at
            opened.write(KEYS, place, request.id)
            opened.write(REQUESTS, request.id, replace(request))
            event = structs.replace(announcement.event, accepted_at=slot.taken_at)
            message_store(
                announcement._replace(event=event, occurred_at=slot.taken_at), slot.sequence
            )
    except (StreamNotAccepting, Taken):
        return False
    return True


def transaction_by_key(*, requested_by: UUID, key: str) -> Request | None:
    scheduler().step("read the request of a key")
    with autocommit(here().side.database) as opened:
        request_id = opened.read(KEYS, (requested_by, key))
        return None if request_id is None else opened.read(REQUESTS, request_id)
