"""The parts of the test run, in one table."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from compose.local import chromium
from compose.local.errors import OperatorError
from compose.local.stack import ROOT

# The two long parts go on when the others are over, and then have the machine to themselves.
WORKERS = max(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class Part:
    """
    One pytest process.

    Django is configured once per process, so each service has its own. `settings` is the Django
    settings module or None; `alone` parts disturb the stack and run last, one by one. A part
    that `gives_way` only works; others beside it wait for what has its time. With `variables` a
    part has a stack of its own, started with them. What `needs_quiet` is about times that a busy
    machine does not keep: nothing runs beside it. One that is `asked_for` runs by its name only.
    """

    name: str
    paths: tuple[str, ...]
    settings: str | None = None
    needs_stack: bool = True
    alone: bool = False
    gives_way: bool = False
    needs_quiet: bool = False
    asked_for: bool = False
    workers: int = 1
    variables: tuple[tuple[str, str], ...] = ()
    missing: Callable[[], str] = lambda: ""

    def existing(self) -> list[str]:
        """Return those of its folders and files that exist."""
        return [path for path in self.paths if (ROOT / path).exists()]

    def arguments(self) -> list[str]:
        """Return what pytest is told."""
        settings = [f"--ds={self.settings}"] if self.settings else ["-p", "no:django"]
        spread = ["-n", str(self.workers)] if self.workers > 1 else []
        return [*settings, *spread, *self.existing()]


# Faults need the proxy on every link, and more than one consumer to take over from another.
CHAOS = (
    ("CHAOS_LINKS", "1"),
    ("REPLICAS", "2"),
    ("EXTRA_PUBLISHERS", "1"),
    ("KAFKA_MAX_POLL_INTERVAL_MS", "10000"),
)

# A restored database leaves the services different for good, so this stack is nobody else's.
REPAIR = (("REPLICAS", "1"),)

# Staff sign in here as in production, hundreds of damaged events halt no consumer, and nobody waits
# a minute until a sign-on is asked about.
BROWSER = (
    ("STAFF_MFA_REQUIRED", "true"),
    ("STAFF_SIGN_ON_CHECK_S", "2"),
    ("INBOX_BREAKER_STREAMS", "100000"),
    ("INBOX_BREAKER_LETTERS", "100000"),
)


def _browser_missing() -> str:
    return "" if chromium.find() else f"there is no browser; {chromium.ADVICE}"


PARTS = (
    Part("unit", ("tests/unit",), needs_stack=False, gives_way=True),
    Part(
        "simulation",
        ("tests/simulation",),
        "users.settings.test",
        needs_stack=False,
        gives_way=True,
    ),
    Part("mutants", ("tests/mutants",), needs_stack=False, gives_way=True),
    Part("gateway", ("tests/gateway",), needs_stack=False),
    Part(
        "users",
        ("tests/users", "tests/common"),
        "users.settings.test",
        gives_way=True,
        workers=WORKERS,
    ),
    Part(
        "transactions",
        ("tests/transactions",),
        "transactions.settings.test",
        gives_way=True,
        workers=WORKERS,
    ),
    Part("contracts", ("tests/contracts",), "transactions.settings.test"),
    Part("e2e", ("tests/e2e",)),
    Part("fuzz", ("tests/fuzz",)),
    Part("local", ("tests/local",), alone=True),
    Part("browser", ("tests/browser",), variables=BROWSER, missing=_browser_missing),
    Part("repair", ("tests/repair",), alone=True, variables=REPAIR),
    Part("chaos", ("tests/chaos",), alone=True, needs_quiet=True, variables=CHAOS),
)


BENCHES = (
    Part("intake", ("tests/bench/test_intake.py",)),
    Part("publish", ("tests/bench/test_publish.py",), "users.settings.test"),
    Part("hook", ("tests/bench/test_hook.py",), "users.settings.test"),
    Part("ledger", ("tests/bench/test_ledger.py",), "transactions.settings.test"),
    Part(
        "even_times",
        ("tests/users/identity/test_even_times.py",),
        "users.settings.test",
        variables=(("EVEN_SAMPLES", "1000"),),
        asked_for=True,
    ),
    Part("admin", ("tests/bench/test_admin.py",), "users.settings.test"),
    Part("admin", ("tests/bench/test_admin.py",), "transactions.settings.test"),
)


def choose(names: list[str], among: tuple[Part, ...] = PARTS) -> list[Part]:
    """
    Return the named parts, without a name all but those that have to be asked for.

    Raises:
        OperatorError: there is no part of that name.
    """
    known = {part.name: part for part in among}
    if unknown := [name for name in names if name not in known]:
        raise OperatorError(f"there is no part {unknown[0]!r}; there are: {' '.join(known)}")
    return [part for part in among if (part.name in names if names else not part.asked_for)]
