"""The producer: what is sent leaves in order, some time before it lands, or fails."""

from collections import deque
from collections.abc import Callable, Sequence

from common.kafka.broker import OutgoingRecord, Refusal, Report
from tests.simulation.broker import Broker
from tests.simulation.scheduler import scheduler

_TOUCH_EVERY = 4


class Sender:
    """A producer; see `EventProducer`."""

    def __init__(self, broker: Broker) -> None:
        self.failed = False
        self._broker = broker
        self._air: deque[Sent] = deque()

    def send(self, records: Sequence[OutgoingRecord]) -> "Sent":
        scheduler().step("send")
        sent = Sent(self, records)
        self._air.append(sent)
        if self._broker.random.random() < 0.5:
            self.leave(sent, lambda: None)
        return sent

    def publish(
        self, records: Sequence[OutgoingRecord], *, while_waiting: Callable[[], None]
    ) -> list[Report]:
        return self.send(records).land(while_waiting=while_waiting)

    def close(self) -> None:
        scheduler().step("close the producer")

    def leave(self, last: "Sent", while_waiting: Callable[[], None]) -> None:
        """Let everything go out that was sent before or with `last`."""
        while last in self._air:
            self._air[0].go_out(while_waiting)
            self._air.popleft()

    def deliver(self, record: OutgoingRecord) -> Report:
        """Bring one record to the broker, or call it back after a failure."""
        if self.failed:
            return self._call_back(record)
        report = self._deliver(record)
        self.failed = isinstance(report, Refusal)
        return report

    def _call_back(self, record: OutgoingRecord) -> Report:
        """The broker may have it all the same, even if it never had the one before."""
        if not self._broker.is_away() and self._broker.random.random() < 0.2:
            self._broker.append(record)
        return Refusal(reason="called back")

    def see_failure(self) -> None:
        """Call back what is still under way; what is sent from now on is tried again."""
        self.failed = True
        while self._air:
            self._air.popleft().go_out(lambda: None)
        self.failed = False

    def _deliver(self, record: OutgoingRecord) -> Report:
        if self._broker.is_away():
            scheduler().wait(None, 2.0)
            return Refusal(reason="the broker is away")
        if self._broker.random.random() < self._broker.refusing:
            if self._broker.random.random() < 0.5:
                self._broker.append(record)
            return Refusal(reason="nobody knows whether it was delivered")
        return self._broker.append(record)


class Sent:
    """Records on their way; what has not left when a failure is seen is called back."""

    def __init__(self, sender: Sender, records: Sequence[OutgoingRecord]) -> None:
        self._sender = sender
        self._waiting = deque(records)
        self._reports: list[Report] = []

    def land(self, *, while_waiting: Callable[[], None]) -> list[Report]:
        self._sender.leave(self, while_waiting)
        while_waiting()
        scheduler().step("reports")
        if any(isinstance(report, Refusal) for report in self._reports):
            self._sender.see_failure()
        return self._reports

    def go_out(self, while_waiting: Callable[[], None]) -> None:
        """Leave, record by record."""
        while self._waiting:
            scheduler().step("produce")
            if len(self._waiting) % _TOUCH_EVERY == 0:
                while_waiting()
            self._reports.append(self._sender.deliver(self._waiting.popleft()))
