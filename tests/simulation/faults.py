"""What goes wrong, how often, and that it ends."""

from collections.abc import Callable

from common.events.envelope import Envelope, headers_encode
from common.kafka.broker import OutgoingRecord
from tests.simulation.broker import SESSION_TIMEOUT_S
from tests.simulation.clock import now
from tests.simulation.database import IDLE_IN_TRANSACTION_S
from tests.simulation.places import Place, Side, numbered_id
from tests.simulation.scheduler import Process
from tests.simulation.world import World

_STRANGERS_FROM = 2 * 10**9
_QUIET = 0.05
"""The share of runs in which nothing goes wrong but handlers; see `invariants`."""


class Faults:
    """
    Chooses some kinds of faults for a run, and lets them happen at steps of processes.

    Each run has its own mixture: what hides a bug in one run is missing in another.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.random
        self.strangers = 0
        kinds: list[Callable[[Process], None]] = [
            self._kill,
            self._freeze_shortly,
            self._freeze_for_long,
            self._lose_transaction,
            self._restart_database,
            self._broker_away,
            self._refuse_deliveries,
            self._raise_partitions,
            self._recreate_topic,
            self._retain,
            self._resume_earlier,
            self._repeat_record,
            self._strange_record,
        ]
        quiet = self._random.random() < _QUIET
        self.kinds = [kind for kind in kinds if not quiet and self._random.random() < 0.35]
        world.reconciles = self.lose_records
        self._rate = self._random.choice((0.002, 0.01, 0.03)) if self.kinds else 0.0
        self._lasts_s = self._random.uniform(1.0, 15.0)
        if not quiet:
            self._world.odds.answer_lost = self._random.choice((0.0, 0.0, 0.05))
            self._world.odds.hint_lost = self._random.choice((0.0, 0.0, 0.5))
        if self.lose_records:
            # Where an offset was not committed, reconciliation waits for whoever reads it again.
            self._world.odds.hint_lost = 0.0

    @property
    def lose_records(self) -> bool:
        """
        Whether the broker forgets records of this run, so that reconciliation has to help.

        It does not run otherwise: it would make good whatever a consumer had lost.
        """
        return bool({self._recreate_topic, self._retain} & set(self.kinds))

    @property
    def fail_deliveries(self) -> bool:
        """Whether the broker refuses or loses what publishers of this run send."""
        return bool({self._broker_away, self._refuse_deliveries} & set(self.kinds))

    @property
    def names(self) -> list[str]:
        """The kinds of this run, for its report."""
        return [kind.__name__.strip("_") for kind in self.kinds]

    def are_over(self) -> bool:
        """Whether it is time to heal."""
        return self._world.scheduler.clock > 1_000_000.0 + self._lasts_s

    def on_step(self, process: Process, what: str) -> None:
        """Perhaps let something happen."""
        if not self._world.healed and self._random.random() < self._rate:
            self._random.choice(self.kinds)(process)

    def heal(self) -> None:
        """Nothing goes wrong from now on."""
        world = self._world
        world.scheduler.note("everything is healed")
        world.healed = True
        world.odds.answer_lost = world.odds.hint_lost = 0.0
        world.broker.refusing = world.broker.away_until = 0.0
        for side in world.sides:
            side.database.away_until = 0.0

    def _kill(self, process: Process) -> None:
        world, place = self._world, process.place
        world.scheduler.kill(process)
        _forget_sessions(place)
        if place.in_hand is not None:
            world.queue.append(place.in_hand)
        if place.member is not None:
            self._later(self._random.choice((0.0, SESSION_TIMEOUT_S)), place.member.drop_out)
        self._later(
            self._random.uniform(0.1, 3.0),
            lambda: world.process(process.name, place.side, place.body),
        )

    def _freeze_shortly(self, process: Process) -> None:
        self._world.scheduler.freeze(process, self._random.uniform(0.1, 2.0))

    def _freeze_for_long(self, process: Process) -> None:
        """Beyond every timeout: the zombie knows nothing of it when it goes on."""
        self._world.scheduler.freeze(process, self._random.uniform(8.0, 25.0))
        place, transaction = process.place, process.place.transaction

        def is_stopped() -> bool:
            return process.frozen_until > self._world.scheduler.clock

        def servers_give_up() -> None:
            if is_stopped():
                if transaction is not None:
                    transaction.database.lose(transaction)
                for session in place.sessions:
                    session.end()

        def group_gives_up() -> None:
            if is_stopped() and place.member is not None:
                place.member.drop_out()

        self._later(IDLE_IN_TRANSACTION_S, servers_give_up)
        self._later(SESSION_TIMEOUT_S, group_gives_up)

    def _lose_transaction(self, process: Process) -> None:
        if process.place.transaction is not None:
            self._world.scheduler.note("the transaction is lost")
            process.place.transaction.database.lose(process.place.transaction)
        for session in process.place.sessions[-1:]:
            session.end()

    def _restart_database(self, process: Process) -> None:
        process.place.side.database.restart(self._random.uniform(0.0, 3.0))

    def _broker_away(self, process: Process) -> None:
        scheduler = self._world.scheduler
        scheduler.note("the broker is away")
        self._world.broker.away_until = scheduler.clock + self._random.uniform(0.5, 5.0)

    def _refuse_deliveries(self, process: Process) -> None:
        broker = self._world.broker
        self._world.scheduler.note("deliveries fail for a while")
        broker.refusing = 0.3

        def recover() -> None:
            broker.refusing = 0.0

        self._later(self._random.uniform(0.5, 3.0), recover)

    def _raise_partitions(self, process: Process) -> None:
        self._world.broker.raise_partitions(self._topic(), self._random.randint(1, 3))

    def _recreate_topic(self, process: Process) -> None:
        self._world.broker.recreate(self._topic())

    def _retain(self, process: Process) -> None:
        self._world.broker.retain(self._topic(), self._random.randint(0, 5))

    def _resume_earlier(self, process: Process) -> None:
        side = self._side()
        if side.wiring is not None:
            self._world.broker.resume_earlier(side.wiring.consumer)

    def _repeat_record(self, process: Process) -> None:
        self._world.broker.repeat(self._topic())

    def _strange_record(self, process: Process) -> None:
        """A record in a place of a stream that no handler can make sense of."""
        self.strangers += 1
        side = self._side()
        stream = self._random.choice(self._world.streams)
        known = Envelope(
            id=numbered_id(_STRANGERS_FROM + self.strangers),
            source=self._random.choice((side.source, "/strangers")),
            type="transaction_created.v1",
            subject="strange",
            time=now(),
            stream=stream,
            sequence=self._random.randint(1, 12),
            correlation_id="strange",
            causation_id=None,
            actor="system:stranger",
            traceparent=None,
        )
        headers = headers_encode(known)
        record = OutgoingRecord(
            topic=side.topic,
            key=str(stream).encode(),
            value=b"strange %d" % self.strangers,
            headers=self._random.choice((headers, headers[3:], [])),
        )
        self._world.scheduler.note(f"a strange record in {side.topic}")
        self._world.broker.append(record)

    def _side(self) -> Side:
        return self._random.choice(self._world.sides)

    def _topic(self) -> str:
        return self._side().topic

    def _later(self, seconds: float, action: Callable[[], object]) -> None:
        scheduler = self._world.scheduler
        scheduler.at(scheduler.clock + seconds, action)


def _forget_sessions(place: Place) -> None:
    """What the servers do when a process is gone."""
    if place.transaction is not None:
        place.transaction.database.lose(place.transaction)
    for session in place.sessions:
        session.end()
