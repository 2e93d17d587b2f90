"""Step 4 of the road: records go into Kafka, and come back as delivery reports."""

import time
from collections import deque
from collections.abc import Callable, Sequence
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

    def publish(
        self, records: Sequence[OutgoingRecord], *, while_waiting: Callable[[], None]
    ) -> list[Report]:
        arrived: deque[tuple[int, Report]] = deque()
        reports: list[Report] = [Refusal(reason="not sent")] * len(records)
        sent = self._send(records, arrived)
        seen = 0
        purged_at: float | None = None
        while seen < sent:
            self._producer.poll(_POLL_S)
            while arrived:
                index, report = arrived.popleft()
                reports[index] = report
                seen += 1
                if isinstance(report, Refusal) and purged_at is None:
                    purged_at = self._purge()
            if self._fatal:
                raise BrokerFatal(self._fatal[0])
            if purged_at is not None and time.monotonic() - purged_at > _PURGE_DEADLINE_S:
                raise BrokerFatal("delivery reports did not come after a purge")
            while_waiting()
        return reports

    def close(self) -> None:
        try:
            self._purge()
            self._producer.poll(0)
        except KafkaException as error:
            log.warning("producer_close_failed", error=str(error))

    def _send(self, records: Sequence[OutgoingRecord], arrived: deque[tuple[int, Report]]) -> int:
        for index, record in enumerate(records):
            try:
                self._produce(record, _reporter(index, arrived))
            except KafkaException as error:
                arrived.append((index, refusal_of(error.args[0])))
                return index + 1
        return len(records)

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

    def _purge(self) -> float:
        self._producer.purge()
        return time.monotonic()

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal.append(error.str())


def _reporter(index: int, arrived: deque[tuple[int, Report]]) -> Callable[[Any, Any], None]:
    def on_delivery(error: KafkaError | None, message: Any) -> None:
        if error is None:
            delivery = Delivery(partition=message.partition(), offset=message.offset())
            arrived.append((index, delivery))
        else:
            arrived.append((index, refusal_of(error)))

    return on_delivery


def refusal_of(error: KafkaError) -> Refusal:
    """What an error of the client or the broker says about a record."""
    return Refusal(reason=error.str(), permanent=error.code() in _PERMANENT)
