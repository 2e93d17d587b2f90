"""What users would have published: deposits first, then transfers among the same people."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from common.events.contracts import TransactionCreatedV1, Wallet
from common.ids import uuid7
from common.kafka.broker import Delivery, OutgoingRecord
from common.kafka.config import producer_config
from common.kafka.producer import KafkaProducer
from tests.factories.events import deposit_created, outgoing, transaction_created

DEPOSIT = 100_000_000
"""Minor units that everybody begins with: more than anybody spends, so nothing is refused."""

_AT_ONCE = 10_000

Placed = tuple[UUID, TransactionCreatedV1]
"""An event and its stream."""


def people(count: int) -> list[UUID]:
    """So many users."""
    return [uuid7() for _ in range(count)]


def deposits(owners: Sequence[UUID]) -> Iterator[Placed]:
    """One deposit for each wallet, on its owner's stream."""
    now = datetime.now(UTC)
    for owner in owners:
        yield (
            owner,
            deposit_created(owner=owner, amount=DEPOSIT, requested_by=owner, accepted_at=now),
        )


def transfers_all_round(owners: Sequence[UUID], count: int) -> Iterator[Placed]:
    """Transfers from everybody in turn, each to somebody else."""
    people_in_all = len(owners)
    for turn in range(count):
        lap, place = divmod(turn, people_in_all)
        following = place + 1 + lap % (people_in_all - 1)
        yield _transfer(owners[place], owners[following % people_in_all], turn)


def transfers_of_one(owners: Sequence[UUID], count: int) -> Iterator[Placed]:
    """Transfers from the first of them to the others in turn, and back again."""
    hot, *others = owners
    for turn in range(count):
        other = others[turn // 2 % len(others)]
        yield _transfer(*((hot, other) if turn % 2 else (other, hot)), turn)


def _transfer(debit: UUID, credit: UUID, turn: int) -> Placed:
    event = transaction_created(
        requested_by=debit,
        debit_party=Wallet(user_id=debit),
        credit_party=Wallet(user_id=credit),
        amount=1 + turn % 100,
        accepted_at=datetime.now(UTC),
    )
    return debit, event


def preload(placed: Iterable[Placed], *, heads: Counter[UUID]) -> None:
    """
    Send events to Kafka and wait until it has them all.

    `heads` says how many events of each stream were sent before, and is moved on.
    """
    records = _records(placed, heads)
    with closing(KafkaProducer(producer_config())) as producer:
        while chunk := list(islice(records, _AT_ONCE)):
            reports = producer.publish(chunk, while_waiting=lambda: None)
            assert all(isinstance(report, Delivery) for report in reports)


def _records(placed: Iterable[Placed], heads: Counter[UUID]) -> Iterator[OutgoingRecord]:
    for stream, event in placed:
        heads[stream] += 1
        request = uuid7()
        yield outgoing(
            event,
            stream=stream,
            sequence=heads[stream],
            time=event.accepted_at,
            actor=f"user:{stream}",
            correlation_id=str(request),
            traceparent=f"00-{request.hex}-{request.hex[:16]}-01",
        )
