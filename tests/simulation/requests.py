"""The table of transaction requests, and what stands for its statements."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from tests.simulation.clock import now
from tests.simulation.database import autocommit, statement
from tests.simulation.outbox_tables import FakeWake
from tests.simulation.places import numbered_id
from tests.simulation.scheduler import here, scheduler
from users.submissions import models

REQUESTS = "transaction_request"
KEYS = "transaction_request_key"
_IDS_FROM = 10**9


class Rows:
    """Stands for the manager, for the one update that accepting makes."""

    def __init__(self, request_id: UUID | None = None) -> None:
        self._id = request_id

    def filter(self, *, id: UUID) -> "Rows":  # noqa: A002  as the model's field is called
        return Rows(id)

    def update(self, **members: Any) -> None:
        opened = statement("update the request")
        opened.write(REQUESTS, self._id, replace(opened.read(REQUESTS, self._id), **members))


@dataclass(slots=True, kw_only=True)
class Request:
    """A row of `transaction_request`."""

    Kind: ClassVar[Any] = models.TransactionRequest.Kind
    objects: ClassVar[Rows] = Rows()

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


def new_id() -> UUID:
    """An id that is easy to read in a trace."""
    return numbered_id(_IDS_FROM + here().side.database.draw("id"))


def key_claim(request: Request) -> bool:
    opened = statement(f"claim {request.idempotency_key}")
    place = (request.requested_by_id, request.idempotency_key)
    opened.lock(KEYS, place)
    if opened.read(KEYS, place) is not None:
        return False
    opened.write(KEYS, place, request.id)
    opened.write(REQUESTS, request.id, replace(request))
    return True


def transaction_by_key(*, requested_by: UUID, key: str) -> Request | None:
    scheduler().step("read the request of a key")
    with autocommit(here().side.database) as opened:
        request_id = opened.read(KEYS, (requested_by, key))
        return None if request_id is None else opened.read(REQUESTS, request_id)
