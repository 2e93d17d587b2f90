"""Step 5 of the road: the batch after the one in hand is read and understood already."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

from common.inbox.arrival import Arrival, Poison, arrive
from common.inbox.translate import arrive_early
from common.inbox.wiring import Wiring
from common.kafka.broker import EventSource, Record


class Ahead:
    """
    Reads, decodes and translates while the database writes, on a thread of its own.

    Nothing is decided ahead: whose turn an event is, is known only under the locks of its batch.
    What was read stays with the source, which forgets it together with its partition. The source
    is touched by one thread at a time: `wait` before anything else is asked of it.
    """

    def __init__(self, source: EventSource, wiring: Wiring) -> None:
        self._source = source
        self._wiring = wiring
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")
        self._begun: Future[None] | None = None
        # By the identity of their records, which are held here, so it is nobody else's.
        self._arrived: dict[int, Arrival | Poison] = {}

    def begin(self, *, records_max: int) -> None:
        """Read what is there already, so many records at most, and decode it."""
        self._begun = self._thread.submit(self._read, records_max)

    def wait(self) -> None:
        """Return when the source is free again. Raises what reading raised, so `BrokerFatal`."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.result()

    def arrivals(self, records: Sequence[Record]) -> list[Arrival | Poison]:
        """Records that `poll` gave, decoded by now; the others that were are forgotten."""
        known, self._arrived = self._arrived, {}
        now = datetime.now(UTC)
        return [known.get(id(record)) or arrive(record, consumed_at=now) for record in records]

    def close(self) -> None:
        """Let the thread end; what it has read stays unread for the group."""
        self._thread.shutdown()

    def _read(self, records_max: int) -> None:
        records = self._source.read_ahead(records_max=records_max)
        now = datetime.now(UTC)
        self._arrived = {
            id(record): arrive_early(self._wiring, record, consumed_at=now) for record in records
        }
