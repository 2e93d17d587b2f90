"""Step 1 of the road under contention and under trouble: real commits, real locks."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest
from django.db import connection, connections, transaction

from common.ids import uuid7
from common.outbox import publisher
from common.outbox.models import OutboxMessage, OutboxStream
from tests.common.test_lock_order import wait_until_somebody_waits
from tests.factories.users import TransactionRequestFactory
from tests.users.conftest import TRANSACTIONS
from tests.users.racing import race
from users.submissions.errors import ReferenceExists
from users.submissions.models import TransactionRequest
from users.submissions.order import Order
from users.submissions.services import Caller, Submission, transaction_submit

ROUNDS = int(os.environ.get("TWIN_ROUNDS", "10"))
"""The long run is `TWIN_ROUNDS=500 ./manage_all.sh test users e2e -- -n0 -s -k twins`."""

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {"kind": "withdrawal", "amount": 250, "currency": "EUR"}


def order_of(user, **members) -> Order:
    return Order(
        **{
            "kind": "withdrawal",
            "amount": 250,
            "currency": "EUR",
            "user": user.id,
            "metadata": {},
            **members,
        }
    )


def caller_of(user, key: str) -> Caller:
    return Caller(
        user_id=user.id, idempotency_key=key, request_id="request-of-a-test", traceparent=None
    )


def stream_is_gapless(user) -> bool:
    """The stream, its events and its requests agree: 1, 2, 3 … and nothing else."""
    sequences = sorted(
        OutboxMessage.objects.filter(stream=user.id).values_list("sequence", flat=True)
    )
    rows = TransactionRequest.objects.filter(user=user).count()
    last = OutboxStream.objects.get(stream=user.id).last_sequence
    return sequences == list(range(1, rows + 1)) and last == rows


class TestTwins:
    @pytest.mark.timeout(120 + ROUNDS * 2)
    def test_have_one_effect_and_every_other_answer_is_the_replay(self, client_of, alice):
        for round_number in range(1, ROUNDS + 1):
            key = str(uuid7())
            clients = [client_of(alice) for _ in range(20)]
            answers = race(
                [
                    partial(
                        client.post,
                        TRANSACTIONS,
                        BODY | {"reference": key},
                        format="json",
                        headers={"Idempotency-Key": key},
                    )
                    for client in clients
                ]
            )

            # On a busy machine, who waits behind the others may be sent away.
            busy = [answer for answer in answers if answer.status_code == 503]
            told = [answer for answer in answers if answer.status_code != 503]
            assert all(answer.json()["code"] == "busy" for answer in busy)
            assert {answer.status_code for answer in told} == {202}
            assert len({answer.content for answer in told}) == 1
            replayed = Counter(answer.headers.get("Idempotent-Replayed") for answer in told)
            assert replayed == Counter({None: 1, "true": len(told) - 1})
            assert TransactionRequest.objects.count() == round_number
        assert stream_is_gapless(alice)
        print(f"{ROUNDS} rounds of 20: one effect each")

    def test_leave_the_sequence_equal_to_the_rows(self, alice):
        keys = [str(uuid7()) for _ in range(10)]

        submissions = race(
            [
                partial(
                    lambda mine: [
                        transaction_submit(order=order_of(alice), caller=caller_of(alice, key))
                        for key in mine
                    ],
                    keys[number % 10 :] + keys[: number % 10],
                )
                for number in range(20)
            ]
        )

        every = [submission for mine in submissions for submission in mine]
        assert len(every) == 200
        assert sum(not submission.replayed for submission in every) == 10
        assert stream_is_gapless(alice)

    def test_with_one_reference_and_other_keys_leave_one(self, alice):
        def submit(key: str) -> str:
            try:
                order = order_of(alice, reference="invoice 7")
                return str(transaction_submit(order=order, caller=caller_of(alice, key)).request.id)
            except ReferenceExists as error:
                return str(error.extra["transaction_id"])

        ids = race([partial(submit, str(uuid7())) for _ in range(12)])

        assert set(ids) == {str(TransactionRequest.objects.get().id)}
        assert stream_is_gapless(alice)

    @pytest.mark.parametrize("reference", [None, "invoice 7"])
    def test_that_cannot_be_seen_yet_are_waited_for_and_the_number_is_given_back(
        self, alice, reference
    ):
        order = order_of(alice, reference=reference)
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first = TransactionRequestFactory(
                    user=alice,
                    idempotency_key="k",
                    reference=reference,
                    fingerprint=order.fingerprint(),
                )
                other = pool.submit(_submitted, order, caller_of(alice, "k"))
                wait_until_somebody_waits()
            second = other.result(timeout=20)

        assert (second.request, second.replayed) == (first, True)
        assert OutboxStream.objects.get(stream=alice.id).last_sequence == 0
        assert not OutboxMessage.objects.exists()

    def test_of_another_key_that_have_the_reference_are_waited_for_and_named(self, alice):
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first = TransactionRequestFactory(user=alice, reference="invoice 7")
                order = order_of(alice, reference="invoice 7")
                other = pool.submit(_submitted, order, caller_of(alice, "k"))
                wait_until_somebody_waits()
            with pytest.raises(ReferenceExists) as refused:
                other.result(timeout=20)

        assert refused.value.extra["transaction_id"] == str(first.id)
        assert OutboxStream.objects.get(stream=alice.id).last_sequence == 0

    def test_of_different_users_do_not_wait_for_each_other(self, alice, bob):
        with transaction.atomic():
            OutboxStream.objects.select_for_update().get(stream=alice.id)

            (submission,) = race(
                [partial(transaction_submit, order=order_of(bob), caller=caller_of(bob, "k"))]
            )

        assert not submission.replayed


class TestHalfway:
    @pytest.mark.parametrize("table", ["outbox_message", "outbox_stream", "transaction_request"])
    def test_a_failure_leaves_neither_record_nor_event_nor_gap(self, submit, alice, table):
        operation = "UPDATE" if table == "outbox_stream" else "INSERT"
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$;"
                f"CREATE TRIGGER break AFTER {operation} ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION break()"
            )
        try:
            failed = submit(alice, key="k")
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP FUNCTION break() CASCADE")

        assert failed.status_code == 500
        assert "broken" not in failed.content.decode()
        assert not TransactionRequest.objects.exists()
        assert not OutboxMessage.objects.exists()
        again = submit(alice, key="k")
        assert again.status_code == 202
        assert "Idempotent-Replayed" not in again
        assert stream_is_gapless(alice)

    def test_a_suspension_that_commits_first_wins(self, submit, alice):
        """The flag stands in the row that the UPDATE locks, so it is never stale (P53)."""
        held = psycopg.connect(**plain_settings(), autocommit=False)
        held.execute("UPDATE outbox_stream SET accepting = false WHERE stream = %s", [alice.id])

        def suspend() -> None:
            _wait_until_somebody_waits(held)
            held.commit()

        answer, _ = race([partial(submit, alice), suspend])
        held.close()

        assert answer.status_code == 403
        assert not TransactionRequest.objects.exists()
        assert OutboxStream.objects.get(stream=alice.id).last_sequence == 0


class TestTrouble:
    def test_a_twin_that_takes_too_long_is_503_busy(self, submit, alice):
        submit(alice, key="other")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            with psycopg.connect(**plain_settings(), autocommit=False) as held:
                held.execute("SELECT 1 FROM outbox_stream WHERE stream = %s FOR UPDATE", [alice.id])
                answer = submit(alice, key="k")
        finally:
            connection.close()
        again = submit(alice, key="k")

        assert answer.status_code == 503
        assert answer.json()["code"] == "busy"
        assert int(answer["Retry-After"]) >= 1
        assert again.status_code == 202
        assert "Idempotent-Replayed" not in again
        assert stream_is_gapless(alice)

    def test_a_statement_that_takes_too_long_is_503_unavailable(self, submit, alice):
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '50ms'")
        try:
            with psycopg.connect(**plain_settings(), autocommit=False) as held:
                held.execute("LOCK TABLE transaction_request")
                answer = submit(alice)
        finally:
            connection.close()

        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        assert "Retry-After" in answer

    @pytest.mark.parametrize(
        "path",
        [TRANSACTIONS, f"{TRANSACTIONS}/01980000-0000-7000-8000-000000000000", "/api/v1/users/me"],
    )
    def test_a_database_that_is_away_is_503(self, client_of, alice, path):
        client = client_of(alice)
        away = {**connection.settings_dict, "PORT": 1}
        connection.close()
        here, connection.settings_dict = connection.settings_dict, away
        try:
            answers = [
                client.get(path),
                client.post(TRANSACTIONS, BODY, format="json", headers={"Idempotency-Key": "k"}),
            ]
        finally:
            connection.settings_dict = here
            connection.close()

        for answer in answers:
            assert answer.status_code == 503, answer.content
            assert answer.json()["code"] == "unavailable"
            assert "Retry-After" in answer
        assert not TransactionRequest.objects.exists()

    def test_a_connection_that_is_killed_is_503_and_the_key_stays_free(self, submit, alice):
        assert submit(alice).status_code == 202
        with psycopg.connect(**plain_settings(), autocommit=True) as other:
            connection.ensure_connection()
            pid = connection.connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s)", [pid])

        killed = submit(alice, key="k")
        connections.close_all()
        again = submit(alice, key="k")

        assert killed.status_code == 503
        assert again.status_code == 202
        assert stream_is_gapless(alice)


class TestBacklog:
    @pytest.fixture
    def full(self):
        """This process's publisher as it is when it has found the backlog full."""
        thread = publisher.PublisherThread()
        thread.backlog_full = True
        publisher._threads[os.getpid()] = thread
        yield
        del publisher._threads[os.getpid()]

    @pytest.mark.usefixtures("full")
    def test_that_is_full_is_503_and_reads_go_on(self, submit, client_of, alice):
        answer = submit(alice, key="k")

        assert answer.status_code == 503
        assert answer.json()["code"] == "backpressure"
        assert int(answer["Retry-After"]) >= 1
        assert not TransactionRequest.objects.exists()
        assert client_of(alice).get(TRANSACTIONS).status_code == 200

    def test_that_is_not_full_is_no_hindrance(self, submit, alice):
        assert submit(alice, key="k").status_code == 202


def _submitted(order: Order, caller: Caller) -> Submission:
    try:
        return transaction_submit(order=order, caller=caller)
    finally:
        connections.close_all()


def plain_settings() -> dict[str, object]:
    known = connection.settings_dict
    return {
        "host": known["HOST"],
        "port": known["PORT"],
        "user": known["USER"],
        "password": known["PASSWORD"],
        "dbname": known["NAME"],
    }


def _wait_until_somebody_waits(on: psycopg.Connection) -> None:
    with psycopg.connect(**plain_settings(), autocommit=True) as looking:
        for _ in range(10_000):
            waiting = looking.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))",
                [on.info.backend_pid],
            ).fetchone()
            if waiting and waiting[0]:
                return
    pytest.fail("nobody came to wait")
