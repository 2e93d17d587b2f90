"""Two services, their processes and the broker between them, for one seed."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID

from django.db import DatabaseError

from common.api.unavailable import Busy
from common.events.contracts import (
    TransactionCreatedV1,
    TransactionRejectedV1,
    UserActivatedV1,
    UserRegisteredV1,
)
from common.events.topics import (
    TRANSACTIONS_EVENTS,
    TRANSACTIONS_SOURCE,
    USERS_EVENTS,
    USERS_SOURCE,
)
from common.inbox.consumer import Consumer, Limits
from common.inbox.errors import LetterResolved
from common.inbox.replay import dead_letter_replay
from common.inbox.wiring import Effect, Received, Wiring
from common.outbox.append import outbox_append_many
from common.outbox.errors import StreamNotAccepting
from common.outbox.publisher import PublisherThread
from common.reconciliation.sweep import streams_reconcile
from tests.simulation.broker import Broker, Source
from tests.simulation.business import Effects, gate, outcome
from tests.simulation.clock import FakeEvent
from tests.simulation.database import Database, statement
from tests.simulation.inbox_tables import WAITING
from tests.simulation.outbox_tables import (
    STREAMS,
    Stream,
)
from tests.simulation.places import Odds, Place, Side, numbered_id
from tests.simulation.planned import PlannedBug
from tests.simulation.requests import REQUESTS
from tests.simulation.scheduler import Process, Scheduler, here, scheduler
from users.submissions.order import Order
from users.submissions.services import Caller, transaction_submit

SPOILT_AMOUNT = 13
FLAKY_AMOUNT = 7
_OLD_S = 5.0
"""Published so long ago, an event that its consumer has read past is sent again."""


@dataclass
class Intent:
    """What a client wants under one key, and what it was told."""

    key: str
    user: UUID
    amount: int
    answers: list[UUID] = field(default_factory=list)
    refused: bool = False

    @property
    def is_answered(self) -> bool:
        return self.refused or bool(self.answers)


class World:
    """
    Everything of one run.

    `healed` says that no fault happens any more, and that the spoilt handler is mended;
    `reconciles` whether what a consumer has missed is sent again.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(f"world {seed}")
        self.scheduler = Scheduler(seed)
        self.broker = Broker(self.random, partitions=self.random.randint(1, 3))
        self.odds = Odds()
        self.healed = False
        self.reconciles = False
        self.flaky = {FLAKY_AMOUNT: 2}
        self.users = Side(USERS_SOURCE, USERS_EVENTS, Database("users"), self.broker)
        self.transactions = Side(
            TRANSACTIONS_SOURCE, TRANSACTIONS_EVENTS, Database("transactions"), self.broker
        )
        self.streams = [numbered_id(n) for n in range(1, self.random.randint(2, 4))]
        self.intents = [self._intent(number) for number in range(self.random.randint(3, 10))]
        self.queue = deque(self.intents)
        self.users.peer, self.transactions.peer = self.transactions, self.users
        self._wire()
        # A side that never says anything has the table all the same.
        for side in self.sides:
            side.database.tables[STREAMS] = {}
        for stream in self.streams:
            self.users.database.tables[STREAMS][stream] = Stream()

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.users, self.transactions

    def start(self) -> None:
        """Start every process."""
        for number in (1, 2):
            self.process(f"web-{number}", self.users, self._web)
        for side in self.sides:
            for number in range(1, self.random.randint(2, 3) + 1):
                self.process(f"{side.database.name}-publisher-{number}", side, self._publish)
            for number in range(1, self.random.randint(1, 3) + 1):
                self.process(f"{side.database.name}-consumer-{number}", side, self._consume)
        self.process("gatekeeper", self.users, self._gatekeep)
        self.process("users-reconciler", self.users, self._reconcile)
        self.process("transactions-reconciler", self.transactions, self._reconcile)

    def process(self, name: str, side: Side, body: Callable[[], None]) -> Process:
        """Start a process of a service."""
        return self.scheduler.spawn(name, body, Place(side, self.random, self.odds, body=body))

    def _intent(self, number: int) -> Intent:
        amount = self.random.choice((100, 100, 100, 100, FLAKY_AMOUNT, SPOILT_AMOUNT))
        return Intent(key=f"key-{number}", user=self.random.choice(self.streams), amount=amount)

    def _wire(self) -> None:
        self.transactions.wiring = Wiring(
            consumer="transactions",
            topic=USERS_EVENTS,
            handlers=dict.fromkeys(
                (TransactionCreatedV1.TYPE, UserActivatedV1.TYPE, UserRegisteredV1.TYPE),
                self._on_event,
            ),
            open_batch=lambda: Effects(self._decide),
        )
        self.users.wiring = Wiring(
            consumer="users",
            topic=TRANSACTIONS_EVENTS,
            handlers={TransactionRejectedV1.TYPE: self._on_event},
            open_batch=lambda: Effects(self._settle),
        )

    def _on_event(self, received: Received) -> Effect:
        return lambda batch: self._take(received, batch)

    def _take(self, received: Received, batch: Effects) -> None:
        amount = getattr(received.event, "amount", None)
        if amount == SPOILT_AMOUNT and not self.healed:
            raise PlannedBug("this handler cannot do thirteen")
        if amount == FLAKY_AMOUNT and self.flaky[amount]:
            self.flaky[amount] -= 1
            raise PlannedBug("this handler fails twice")
        batch.received.append(received)

    def _decide(self, received: Received) -> None:
        """The ledger refuses everything, and says so."""
        if received.envelope.type == TransactionCreatedV1.TYPE:
            outbox_append_many(events=[outcome(received)])

    def _settle(self, received: Received) -> None:
        request_id = received.event.subject
        opened = statement(f"settle request {request_id.int}")
        opened.lock(REQUESTS, request_id)
        request = opened.read(REQUESTS, request_id)
        if request is None or request.status != "pending":
            scheduler().fail(AssertionError(f"an outcome for {request}"))
            return
        opened.write(REQUESTS, request_id, replace(request, status="rejected"))

    def _web(self) -> None:
        """Serve clients; what fails, or nobody answered, is asked again under the same key."""
        while True:
            if not scheduler().wait(lambda: bool(self.queue), 1.0):
                continue
            intent = self.queue.popleft()
            if self.random.random() < 0.3:
                self.queue.append(intent)  # an impatient client asks twice
            here().in_hand = intent
            self._submit(intent)
            here().in_hand = None

    def _submit(self, intent: Intent) -> None:
        order = Order(
            kind="withdrawal", amount=intent.amount, currency="EUR", user=intent.user, metadata={}
        )
        caller = Caller(intent.user, intent.key, intent.key, None)
        try:
            submission = transaction_submit(order=order, caller=caller)
        except StreamNotAccepting:
            intent.refused = True
        except (DatabaseError, Busy) as error:
            scheduler().note(f"{intent.key} is unknown: {error}")
            self.queue.append(intent)
        else:
            intent.answers.append(submission.request.id)

    def _gatekeep(self) -> None:
        """Close and open streams a few times; what happens between is checked by their order."""
        for _ in range(self.random.randint(0, 6)):
            scheduler().wait(None, self.random.uniform(0.05, 3.0))
            stream = self.random.choice(self.streams)
            closes = self.random.random() < 0.5
            try:
                gate(stream, closes=closes)
            except DatabaseError:
                continue

    def _publish(self) -> None:
        thread = PublisherThread()
        thread.woken, thread.stopping = FakeEvent(), FakeEvent()
        here().side.wakes.append(thread.woken)
        thread.run()

    def _consume(self) -> None:
        place = here()
        wiring = place.side.wiring
        place.member = Source(self.broker, topic=wiring.topic, group=wiring.consumer)
        Consumer(
            wiring=wiring,
            source=place.member,
            stop=FakeEvent(),
            limits=Limits(batch_size=self.random.choice((1, 2, 5, 100))),
        ).run()

    def _reconcile(self) -> None:
        """Send again what the other side has missed, and replay what is mended by now."""
        side = here().side
        while True:
            scheduler().wait(None, 20.0)
            try:
                if self.reconciles:
                    streams_reconcile(older_than_s=_OLD_S)
                if self.healed:
                    self._replay(side)
            except (DatabaseError, LetterResolved) as error:
                scheduler().note(f"not reconciled: {error}")

    def _replay(self, side: Side) -> None:
        rows = side.database.tables.get(WAITING, {})
        dead = [row_id for row_id, row in rows.items() if row.state == "dead" and row.place]
        for row_id in sorted(dead, key=lambda row_id: rows[row_id].place):
            dead_letter_replay(
                wiring=side.wiring, letter_id=row_id, actor="staff:sim", reason="mended"
            )
