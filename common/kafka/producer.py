"""Step 4 of the road: records go into Kafka, and come back as delivery reports."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from common.kafka.broker import BrokerFatal, Delivery, OutgoingRecord, Refusal, Report
from common.kafka.config import Config

log = structlog.get_logger(__name__)

_POLL_S = 0.5
_QUEUE_FULL_S = 0.05
_PURGE_DEADLINE_S = 5.0

# A failed checksum (INVALID_MSG) is not among them: bytes that were damaged on their way
# arrive whole the next time.
_PERMANENT = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError._INVALID_ARG,  # noqa: SLF001  librdkafka's local errors are spelt like that
    }
)


class KafkaProducer:
    """
    A producer of this process; make it after the fork, never before (P8).

    Delivery callbacks only append to a deque: anything more could re-enter the client and
    abort the process (P9), or raise into whoever polls (P10).
    """

    def __init__(self, config: Config) -> None:
        self._fatal: deque[str] = deque(maxlen=1)
        self._producer = Producer({**config, "error_cb": self._on_error})

    def send(self, records: Iterable[OutgoingRecord]) -> "KafkaFlight":
        arrived: deque[tuple[int, Report]] = deque()
        sent = 0
        left = iter(records)
        for record in left:
            sent += 1
            try:
                self._produce(record, partial(_report, arrived, sent - 1))
            except KafkaException as error:
                arrived.append((sent - 1, refusal_of(error.args[0])))
                break
        return KafkaFlight(self, arrived, sent=sent, records=sent + sum(1 for _ in left))

    def publish(
        self, records: Iterable[OutgoingRecord], *, while_waiting: Callable[[], None]
    ) -> list[Report]:
        return self.send(records).land(while_waiting=while_waiting)

    def poll(self) -> None:
        """Let reports arrive; wait a moment for the first. Raises `BrokerFatal`."""
        self._producer.poll(_POLL_S)
        if self._fatal:
            raise BrokerFatal(self._fatal[0])

    def purge(self) -> None:
        """Call back everything that is not delivered; each record reports that it was."""
        self._producer.purge()

    def close(self) -> None:
        try:
            self.purge()
            self._producer.poll(0)
        except KafkaException as error:
            log.warning("producer_close_failed", error=str(error))

    def _produce(self, record: OutgoingRecord, on_delivery: Callable[..., None]) -> None:
        while True:
            try:
                self._producer.produce(
                    record.topic,
                    key=record.key,
                    value=record.value,
                    headers=list(record.headers),
                    on_delivery=on_delivery,
                )
            except BufferError:
                self._producer.poll(_QUEUE_FULL_S)
            else:
                return

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal.append(error.str())


class KafkaFlight:
    """Records that `send` handed to the client; the reports of every flight arrive together."""

    def __init__(
        self,
        producer: KafkaProducer,
        arrived: deque[tuple[int, Report]],
        *,
        sent: int,
        records: int,
    ) -> None:
        self._producer = producer
        self._arrived = arrived
        self._missing = sent
        self._reports: list[Report] = [Refusal(reason="not sent")] * records
        self._purged_at: float | None = None

    def land(self, *, while_waiting: Callable[[], None]) -> list[Report]:
        self._take_arrived()
        while self._missing:
            self._producer.poll()
            self._take_arrived()
            if self._purged_at and time.monotonic() - self._purged_at > _PURGE_DEADLINE_S:
                raise BrokerFatal("delivery reports did not come after a purge")
            while_waiting()
        return self._reports

    def _take_arrived(self) -> None:
        while self._arrived:
            index, report = self._arrived.popleft()
            self._reports[index] = report
            self._missing -= 1
            if isinstance(report, Refusal) and self._purged_at is None:
                self._producer.purge()
                self._purged_at = time.monotonic()


def _report(
    arrived: deque[tuple[int, Report]], index: int, error: KafkaError | None, message: Any
) -> None:
    if error is None:
        arrived.append((index, Delivery(message.partition(), message.offset())))
    else:
        arrived.append((index, refusal_of(error)))


def refusal_of(error: KafkaError) -> Refusal:
    """What an error of the client or the broker says about a record."""
    return Refusal(reason=error.str(), permanent=error.code() in _PERMANENT)
