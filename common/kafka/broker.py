"""What the outbox and the inbox need of a broker; Kafka and its in-memory twin both offer it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol


class BrokerError(Exception):
    """The broker did not do what was asked. Trying again later may help."""


class BrokerFatal(BrokerError):
    """This client can do nothing more (fenced, or a fatal error); only a new one can."""


class OutgoingRecord(NamedTuple):
    """A record to send. Records of one key keep their order and share a partition."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Delivery(NamedTuple):
    """The broker's word on one record: kept at `partition` and `offset`."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """
    The record was not delivered, as far as anybody knows; it may be in the topic all the same.

    `permanent` means that the broker will never take this record, whatever is tried; or never
    the batch that it was in, which records of other streams may be to blame for.
    """

    reason: str
    permanent: bool = False


Report = Delivery | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it was read. `timestamp_ms` is the broker's or the producer's clock."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = field(default_factory=list)

    @property
    def at(self) -> datetime | None:
        """`timestamp_ms` as a moment, None if it is none: anybody could have sent any number."""
        try:
            return datetime.fromtimestamp(self.timestamp_ms / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return None


class Flight(Protocol):
    """Records on their way to the broker."""

    def land(self, *, while_waiting: Callable[[], None]) -> list[Report]:
        """
        Wait for every report, in the order of the records.

        `while_waiting` is called at least every two seconds. Raises `BrokerFatal`.
        """


class EventProducer(Protocol):
    """Sends records at least once, in order per key while nothing fails."""

    def send(self, records: Iterable[OutgoingRecord]) -> Flight:
        """
        Hand records to the client and return at once, as long as its queue has room.

        Several flights may be under way; they leave in the order of sending. At the first
        failure whatever is not delivered of all of them is called back and reported refused.
        """

    def publish(
        self, records: Iterable[OutgoingRecord], *, while_waiting: Callable[[], None]
    ) -> list[Report]:
        """Send records and wait for every report: one flight by itself."""

    def close(self) -> None:
        """Drop what is queued and let go of every connection and thread."""


class EventSource(Protocol):
    """One member of a consumer group, reading one topic."""

    def poll(self, *, records_max: int, timeout_s: float) -> list[Record]:
        """
        Read what is there, in order per partition; wait at most `timeout_s` for the first.

        Raises `BrokerFatal`; a broker that is away just gives nothing.
        """

    def read_ahead(self, *, records_max: int) -> list[Record]:
        """
        Read what is there already, and keep it for the next calls of `poll`.

        Those give out the same objects. What is of a partition that is taken away or assigned
        anew before that is forgotten. Raises `BrokerFatal`.
        """

    def commit(self, records: Sequence[Record]) -> None:
        """Remember to resume after these records. A hint only: it may be lost without harm."""

    def stay(self, *, timeout_s: float) -> None:
        """Stay in the group without reading, for about `timeout_s` seconds."""

    def close(self) -> None:
        """Write the offsets down and leave the group."""
