"""Batches under contention and under trouble: real commits, real locks."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, connections, transaction

from common.ids import uuid7
from common.outbox import publisher
from common.outbox.append import stream_accepting_set
from common.outbox.models import OutboxMessage
from tests.common.test_lock_order import wait_until_somebody_waits
from tests.factories.users import TransactionRequestFactory, UserFactory
from tests.users.racing import race
from tests.users.submissions.test_batch import BATCH, codes, item, nothing_kept
from tests.users.submissions.test_races import stream_is_gapless
from users.submissions.models import TransactionRequest

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def batch(client_of):
    """POST a batch from whichever thread calls."""

    def post(user, items):
        client = client_of(user)
        try:
            return client.post(BATCH, {"items": items}, format="json")
        finally:
            if not connection.in_atomic_block:
                connections.close_all()

    return post


class TestTwins:
    def test_have_one_effect_for_each_key(self, batch, alice):
        for round_number in range(1, 6):
            items = [item(reference=str(uuid7())) for _ in range(20)]
            answers = race([partial(batch, alice, items[n:] + items[:n]) for n in range(8)])

            assert {answer.status_code for answer in answers} == {200}
            every = [result for answer in answers for result in answer.json()["results"]]
            assert Counter(codes(every)) == {202: 160}
            assert sum("idempotent_replayed" not in result for result in every) == 20
            assert TransactionRequest.objects.count() == 20 * round_number
        assert stream_is_gapless(alice)

    def test_with_single_posts_have_one_effect(self, batch, submit, alice):
        keys = [str(uuid7()) for _ in range(10)]
        race(
            [partial(batch, alice, [item(key) for key in keys]) for _ in range(4)]
            + [partial(lambda mine: [submit(alice, key=k) for k in mine], keys[::-1])] * 4
        )

        assert TransactionRequest.objects.count() == 10
        assert stream_is_gapless(alice)

    def test_in_crossing_streams_never_wait_in_a_circle(self, batch, treasury):
        people = UserFactory.create_batch(8)
        deposits = [item(kind="deposit", user=str(person.id)) for person in people]
        for _ in range(5):
            answers = race(
                [
                    partial(batch, treasury, [{**d, "idempotency_key": str(uuid7())} for d in row])
                    for row in (deposits, deposits[::-1], deposits[4:] + deposits[:4], deposits)
                ]
            )

            assert {answer.status_code for answer in answers} == {200}
        assert all(stream_is_gapless(person) for person in people)
        assert TransactionRequest.objects.count() == 5 * 4 * 8

    def test_with_crossing_keys_in_other_streams_have_one_effect_each(self, batch, treasury):
        """The streams do not make them wait for each other, only the keys do."""
        people = UserFactory.create_batch(12)
        for _ in range(5):
            keys = [str(uuid7()) for _ in range(6)]
            answers = race(
                [
                    partial(
                        batch,
                        treasury,
                        [
                            item(key, kind="deposit", user=str(person.id))
                            for key, person in zip(order, those, strict=True)
                        ],
                    )
                    for order, those in ((keys, people[:6]), (keys[::-1], people[6:]))
                ]
            )

            assert {answer.status_code for answer in answers} <= {200, 503}
            found = Counter(
                code
                for answer in answers
                if answer.status_code == 200
                for code in codes(answer.json()["results"])
            )
            assert found[202] == 6
        assert TransactionRequest.objects.count() == 30
        assert all(stream_is_gapless(person) for person in people)

    def test_that_was_quicker_in_another_stream_is_replayed(self, batch, treasury, alice, bob):
        """Nothing of it can be seen until the key is claimed; then all is tried once more."""
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first = TransactionRequestFactory(
                    kind="deposit", user=alice, requested_by=treasury, idempotency_key="k"
                )
                deposits = [item(kind="deposit", user=str(bob.id)) for _ in range(2)]
                twin = item("k", kind="deposit", user=str(bob.id))
                other = pool.submit(batch, treasury, [deposits[0], twin, deposits[1]])
                wait_until_somebody_waits()
            answer = other.result(timeout=20)

        assert codes(answer.json()["results"]) == [202, "idempotency_key_reused", 202]
        assert TransactionRequest.objects.exclude(id=first.id).count() == 2
        assert stream_is_gapless(bob)

    def test_that_had_the_reference_first_is_named(self, batch, treasury, alice, bob):
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                first = TransactionRequestFactory(
                    kind="deposit", user=alice, requested_by=treasury, reference="r"
                )
                late = item(kind="deposit", user=str(bob.id), reference="r")
                other = pool.submit(batch, treasury, [late])
                wait_until_somebody_waits()
            (result,) = other.result(timeout=20).json()["results"]

        assert result["body"]["transaction_id"] == str(first.id)
        assert not OutboxMessage.objects.exists()


class TestHalfway:
    @pytest.mark.parametrize("table", ["outbox_message", "outbox_stream", "transaction_request"])
    def test_a_failure_leaves_nothing_of_any_item(self, batch, alice, table):
        operation = "UPDATE" if table == "outbox_stream" else "INSERT"
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$;"
                f"CREATE TRIGGER break AFTER {operation} ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION break()"
            )
        try:
            failed = batch(alice, [item(), item()])
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP FUNCTION break() CASCADE")

        assert failed.status_code == 500
        assert nothing_kept()

    def test_a_suspension_that_commits_first_wins(self, batch, alice):
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                stream_accepting_set(stream=alice.id, accepting=False)
                other = pool.submit(batch, alice, [item(), item()])
                wait_until_somebody_waits()
            answer = other.result(timeout=20)

        assert codes(answer.json()["results"]) == ["account_not_active"] * 2
        assert nothing_kept()


class TestTrouble:
    def test_a_lock_that_is_held_too_long_is_503_for_all(self, batch, alice, bob, treasury):
        items = [item(kind="deposit", user=str(user.id)) for user in (alice, bob)]
        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            stream_accepting_set(stream=bob.id, accepting=True)
            answer = pool.submit(_impatient, batch, treasury, items).result(timeout=20)
        again = batch(treasury, items)

        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert int(answer["Retry-After"]) >= 1
        assert codes(again.json()["results"]) == [202, 202]
        assert stream_is_gapless(alice)

    def test_a_database_that_is_away_is_503_for_all(self, batch, alice):
        away = {**connection.settings_dict, "PORT": 1}
        connection.close()
        here, connection.settings_dict = connection.settings_dict, away
        try:
            answer = batch(alice, [item()])
        finally:
            connection.settings_dict = here
            connection.close()

        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert nothing_kept()

    def test_a_backlog_that_is_full_is_503_for_all(self, batch, alice):
        thread = publisher.PublisherThread()
        thread.backlog_full = True
        publisher._threads[os.getpid()] = thread
        try:
            answer = batch(alice, [item()])
        finally:
            del publisher._threads[os.getpid()]

        assert (answer.status_code, answer.json()["code"]) == (503, "backpressure")
        assert nothing_kept()


def _impatient(batch, user, items):
    """A batch on a connection that waits 50 ms for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    return batch(user, items)
