"""One seed, from the first process to the last check."""

from dataclasses import dataclass

from tests.simulation.faults import Faults
from tests.simulation.invariants import Violated, check, is_drained
from tests.simulation.world import World

DRAIN_S = 400.0
"""I11: how long everything may take after the last fault, on the clock of the run."""

_LOOK_EVERY = 16


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, when it went well."""

    seed: int
    steps: int
    effects: int
    kinds: list[str]


class Failed(AssertionError):
    """A run broke a promise; the message has the last steps and says how to repeat it."""


def run_seed(seed: int) -> Outcome:
    """
    Run a seed, with the fakes in their places.

    Raises `Failed`.
    """
    world = World(seed)
    faults = Faults(world)
    world.scheduler.on_step = faults.on_step
    world.scheduler.goal = _Goal(world, faults)
    try:
        world.start()
        world.scheduler.run()
        check(world, faults)
    except (Exception, AssertionError) as error:
        raise Failed(_story(world, faults, error)) from error
    effects = sum(len(side.database.tables.get("effect", {})) for side in world.sides)
    return Outcome(seed, world.scheduler.steps, effects, faults.names)


class _Goal:
    """First the faults run out, then everything has to drain."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._asked = 0
        self._deadline = 0.0

    def __call__(self) -> bool:
        self._asked += 1
        if not self._world.healed:
            if self._faults.are_over():
                self._faults.heal()
                self._deadline = self._world.scheduler.clock + DRAIN_S
            return False
        if self._asked % _LOOK_EVERY:
            return False
        if self._world.scheduler.clock > self._deadline:
            raise Violated(f"I11: not drained {DRAIN_S:.0f} s after the last fault")
        return is_drained(self._world)


def _story(world: World, faults: Faults, error: BaseException) -> str:
    steps = [
        f"{number:>6} {clock - 1_000_000:>9.3f} {name:<26} {what}"
        for number, clock, name, what in world.scheduler.trace
    ]
    return "\n".join(
        [
            *steps,
            f"seed {world.seed}: {type(error).__name__}: {error}",
            f"faults: {', '.join(faults.names) or 'none'}",
            f"again: ./manage_all.sh chaos --simulate 1 --seed {world.seed}",
        ]
    )
