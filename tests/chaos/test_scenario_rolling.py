"""
Every process is ended politely and started again under load; hardly an answer is lost for it.

What is lost is a connection that the gateway has made and the ending web process has not accepted
yet: the kernel resets it. The client is told 503, and the same key gives the answer later.

Runs by the command only, on a stack without the proxy: behind it the gateway could not see that
nobody listens, which is what it takes another instance for.
"""

import time

import pytest

from tests.chaos import killing
from tests.chaos.load import FULL, assert_all_holds, now, under_load

ENDED_WITHIN_S = 15  # after which supervisor would kill it
LOST_MAX = 0.02

pytestmark = [
    pytest.mark.skipif(not FULL, reason="run by ./manage_all.sh chaos --scenario rolling"),
    pytest.mark.timeout(900),
]


def chosen() -> list[str]:
    """All of the services' processes; the gateway and the stores have one instance each."""
    return [n for n in killing.names() if n.startswith(("users-", "transactions-"))]


def test_everything_is_restarted_in_turn(people):
    since, ended_s = now(), {}

    with under_load(people) as workload:
        for name in chosen():
            workload.wait_for_more(10)
            began = time.monotonic()
            killing.stop(name)
            ended_s[name] = time.monotonic() - began
            killing.start(name)
            killing.wait_until_back(name)

    slowest = max(ended_s, key=lambda name: ended_s[name])
    print(f"\n{len(ended_s)} ended politely, the slowest {slowest} in {ended_s[slowest]:.1f} s")
    print(f"lost answers: {dict(workload.journal.unanswered)}")
    assert max(ended_s.values()) <= ENDED_WITHIN_S
    reset = workload.journal.unanswered["503 unavailable"]
    assert reset <= LOST_MAX * len(workload.journal.accepted)
    assert_all_holds(workload, since=since)
