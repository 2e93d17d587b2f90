"""
Twenty identical requests at once, round after round: one effect each.

`TWIN_ROUNDS=500 ./manage_all.sh test users e2e -- -n0 -s -k twins` is the long run.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.ids import uuid7
from tests.chaos.databases import query
from tests.e2e.client import Caller, sign_up, treasury, wait_for
from tests.e2e.test_road import fund

ROUNDS = int(os.environ.get("TWIN_ROUNDS", "20"))
ROUNDS_OF_ONE_PERSON = 50  # access tokens live five minutes
TWINS = 20


def sequence_of(person: Caller) -> int:
    ((last,),) = query(
        "users", "SELECT last_sequence FROM outbox_stream WHERE stream = %s", person.id
    )
    return last


def rows_of(person: Caller) -> tuple[int, int]:
    """Requests of a person's, and events of their stream."""
    ((requests, events),) = query(
        "users",
        "SELECT (SELECT count(*) FROM transaction_request WHERE user_id = %s),"
        " (SELECT count(*) FROM outbox_message WHERE stream = %s)",
        person.id,
        person.id,
    )
    return requests, events


def assert_one_effect(pool: ThreadPoolExecutor, payer: Caller, payee: Caller) -> int:
    """One round; how many of the twins were told to try again."""
    key, barrier = str(uuid7()), threading.Barrier(TWINS)

    def ask(_: int):
        barrier.wait(timeout=30)
        return payer.submit(key=key, kind="transfer", amount=1, counterparty=payee.id)

    answers = list(pool.map(ask, range(TWINS)))

    accepted = [answer for answer in answers if answer.status_code == 202]
    busy = [answer for answer in answers if answer.status_code == 503]
    assert len(accepted) + len(busy) == TWINS, {answer.status_code for answer in answers}
    assert all(answer.json()["code"] == "busy" for answer in busy)
    assert all(answer.headers["Retry-After"] for answer in busy)
    assert len({answer.content for answer in accepted}) == 1
    replays = [answer.headers.get("Idempotent-Replayed") for answer in accepted]
    assert sorted(replays, key=str) == [None] + ["true"] * (len(accepted) - 1)
    return len(busy)


@pytest.mark.timeout(30 + 10 * ROUNDS)
def test_twins_have_one_effect_and_every_other_answer_is_the_replay():
    left, busy = ROUNDS, 0
    with ThreadPoolExecutor(TWINS) as pool:
        while left:
            rounds = min(left, ROUNDS_OF_ONE_PERSON)
            payer, payee = sign_up(), sign_up()
            fund(treasury(), payer, rounds)
            # The funding is of the payer's stream too, and a request of the treasury's about it.
            before, (requests, _) = sequence_of(payer), rows_of(payer)

            busy += sum(assert_one_effect(pool, payer, payee) for _ in range(rounds))

            after = sequence_of(payer)
            made, events = rows_of(payer)
            assert (after - before, made - requests, events) == (rounds, rounds, after)
            wait_for(
                "everything has arrived",
                lambda payee=payee, rounds=rounds: payee.balance() == rounds or None,
                deadline_s=60,
            )
            assert payer.balance() == 0
            left -= rounds
    print(f"{ROUNDS} rounds of {TWINS}: one effect each, {busy} answers 503 busy")
