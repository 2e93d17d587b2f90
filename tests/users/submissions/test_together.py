"""Step 1 of the road under load: requests of several threads that are accepted by one statement."""

import re
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction
from psycopg import sql

from common.events.codec import event_decode
from common.ids import uuid7
from common.outbox.append import append_parameters, stream_accepting_set
from common.outbox.models import OutboxMessage, OutboxStream
from tests.common.test_lock_order import wait_until_somebody_waits
from tests.factories.users import UserFactory
from tests.users.racing import race
from tests.users.submissions.test_races import (
    caller_of,
    order_of,
    plain_settings,
    stream_is_gapless,
)
from users.submissions import claim
from users.submissions.models import TransactionRequest
from users.submissions.services import (
    UNKNOWN_MOMENT,
    announcement_of,
    request_make,
    transaction_submit,
)

pytestmark = pytest.mark.django_db(transaction=True)


def asked_of(user, *, key=None, **members):
    """What the statement is told about a request of a user."""
    order = order_of(user, **members)
    request = request_make(order, caller_of(user, key or str(uuid7())), at=UNKNOWN_MOMENT)
    announcement = announcement_of(request)
    return {
        **append_parameters(announcement),
        **claim._parameters(request),
        **claim._pieces(request, announcement),
    }


def accepted(*many):
    return [at is not None for at in claim._accept_together(many)]


@pytest.fixture
def carol(db):
    return UserFactory()


class TestTogether:
    def test_leaves_what_each_alone_would_leave(self, alice, bob, carol):
        members = {
            "kind": "transfer",
            "capture": "manual",
            "hold_expires_in_s": 3600,
            "description": 'quotes " and \\ and ünï',
            "metadata": {"a": "1", "b": 'x"\\y'},
            "reference": "r-1",
        }
        together = asked_of(alice, counterparty=carol.id, **members)
        other = asked_of(bob)
        alone = asked_of(bob, counterparty=carol.id, **members)

        assert accepted(together, other) == [True, True]
        claim._accept_alone(alone)

        rows = [TransactionRequest.objects.get(id=each["id"]) for each in (together, alone)]
        events = [
            event_decode(message.type, bytes(message.data))
            for message in (OutboxMessage.objects.get(id=e["event_id"]) for e in (together, alone))
        ]
        for row, event in zip(rows, events, strict=True):
            assert event.accepted_at == row.accepted_at
            assert event.hold_expires_at == row.hold_expires_at
            assert event.transaction_id == row.id
            assert (event.metadata, event.description) == (row.metadata, row.description)
        varying = {"id", "user_id", "requested_by_id", "idempotency_key", "accepted_at"}
        varying |= {"hold_expires_at", "fingerprint", "_state"}
        plain = [{k: v for k, v in vars(row).items() if k not in varying} for row in rows]
        assert plain[0] == plain[1]
        assert OutboxStream.objects.get(stream=alice.id).last_event_id == (
            OutboxMessage.objects.get(stream=alice.id).id
        )

    def test_leaves_to_go_alone_what_has_something_against_it(self, alice, bob, carol):
        known = asked_of(alice)
        assert claim._accept_alone(known)
        closed = UserFactory(status="closed")

        answers = accepted(
            asked_of(bob),
            asked_of(alice, key=known["idempotency_key"]),
            asked_of(carol, kind="transfer", counterparty=closed.id),
            asked_of(closed),
            asked_of(UserFactory.build()),
        )

        assert answers == [True, False, False, False, False]
        assert TransactionRequest.objects.count() == OutboxMessage.objects.count() == 2

    def test_takes_one_of_a_stream_at_a_time(self, alice, bob):
        assert sorted(accepted(asked_of(alice), asked_of(bob), asked_of(alice))) == [0, 1, 1]
        assert stream_is_gapless(alice)

    def test_waits_for_no_stream_that_somebody_holds(self, alice, bob, carol):
        with psycopg.connect(**plain_settings()) as holder:
            holder.execute(
                "SELECT FROM outbox_stream WHERE stream = %s FOR NO KEY UPDATE", [alice.id]
            )

            assert accepted(asked_of(alice), asked_of(bob), asked_of(carol)) == [False, True, True]

    def test_leaves_all_to_go_alone_when_one_breaks_a_rule(self, alice, bob, treasury):
        key = str(uuid7())
        deposits = [
            {**asked_of(treasury, kind="deposit", key=key), "user_id": str(each.id)}
            for each in (alice, bob)
        ]
        for deposit, each in zip(deposits, (alice, bob), strict=True):
            deposit |= {"stream": str(each.id), "party": str(each.id)}

        assert accepted(*deposits) == [False, False]
        assert not TransactionRequest.objects.exists()
        assert not OutboxStream.objects.filter(last_sequence__gt=0).exists()

    def test_leaves_all_to_go_alone_when_the_database_is_in_the_way(self, alice, monkeypatch):
        def away(*_):
            raise DatabaseError("away")

        monkeypatch.setattr(claim, "prepared_rows", away)

        assert accepted(asked_of(alice)) == [False]


class TestWhatIsCommittedBetweenSnapshotAndLocks:
    @pytest.fixture
    def meanwhile(self, monkeypatch):
        """Accept together, and do something after the statement's snapshot, before its locks."""
        gate = "WHERE (SELECT count(*) FROM pg_advisory_xact_lock_shared(52)) = 1"
        statement = claim._ACCEPT_TOGETHER.replace("), held AS", f"{gate}), held AS")
        monkeypatch.setattr(claim, "_ACCEPT_TOGETHER", statement)

        def accept(work, *many) -> list:
            def together() -> list:
                try:
                    return claim._accept_together(many)
                finally:
                    connections.close_all()

            with ThreadPoolExecutor(1) as pool, connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(52)")
                try:
                    answers: Future[list] = pool.submit(together)
                    wait_until_somebody_waits()
                    work()
                finally:
                    cursor.execute("SELECT pg_advisory_unlock(52)")
                return answers.result(timeout=20)

        return accept

    def test_a_stream_that_was_closed_takes_nothing(self, meanwhile, alice, bob):
        def close() -> None:
            with transaction.atomic():
                stream_accepting_set(stream=alice.id, accepting=False)

        answers = meanwhile(close, asked_of(alice), asked_of(bob))

        assert [at is not None for at in answers] == [False, True]
        assert OutboxStream.objects.get(stream=alice.id).last_sequence == 0

    def test_a_request_before_has_the_earlier_number_and_time(self, meanwhile, alice, bob):
        earlier = asked_of(alice)

        answers = meanwhile(
            lambda: claim._accept_alone(earlier), asked_of(alice), asked_of(bob), asked_of(alice)
        )

        assert sum(at is not None for at in answers) == 2
        messages = OutboxMessage.objects.filter(stream=alice.id).order_by("sequence")
        assert [message.sequence for message in messages] == [1, 2]
        assert str(messages[0].id) == earlier["event_id"]
        assert messages[0].occurred_at < messages[1].occurred_at
        assert messages[0].position < messages[1].position
        assert stream_is_gapless(alice)

    @pytest.mark.parametrize("same", ["idempotency_key", "reference"])
    def test_a_twin_gives_every_number_back(self, meanwhile, alice, bob, same):
        first, second = (asked_of(alice, reference="r") for _ in range(2))
        second[same] = first[same]

        answers = meanwhile(lambda: claim._accept_alone(first), second, asked_of(bob))

        assert answers == [None, None]
        assert TransactionRequest.objects.count() == 1
        assert OutboxStream.objects.get(stream=bob.id).last_sequence == 0
        assert stream_is_gapless(alice)

    def test_a_killed_statement_lets_all_go_alone(self, meanwhile, alice, bob):
        def kill() -> None:
            with psycopg.connect(**plain_settings(), autocommit=True) as killer:
                killer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks"
                    " WHERE locktype = 'advisory' AND NOT granted"
                )

        assert meanwhile(kill, asked_of(alice), asked_of(bob)) == [None, None]
        assert not TransactionRequest.objects.exists()


class TestPlan:
    """Of the statements, made while the tables were empty, and kept: a deployment begins so."""

    @pytest.fixture
    def session(self):
        with psycopg.connect(**plain_settings(), autocommit=True) as session:
            session.execute("SET plan_cache_mode = force_generic_plan")
            yield session

    @staticmethod
    def prepared(session, statement: str, asked: dict[str, str | None]) -> sql.Composed:
        """The statement as it is prepared now, with its plan of now; how to execute it."""
        names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
        numbered = re.sub(r"%\((\w+)\)s", lambda m: f"${names.index(m[1]) + 1}", statement)
        session.execute(f"PREPARE accept ({', '.join(['text'] * len(names))}) AS {numbered}")
        values = sql.SQL(", ").join(sql.Literal(asked[name]) for name in names)
        execute = sql.SQL("EXECUTE accept ({})").format(values)
        with session.transaction(force_rollback=True):
            session.execute(execute)
        return execute

    @staticmethod
    def requests_of(user, count: int) -> None:
        """Somebody's past, which no autovacuum has seen."""
        first = asked_of(user, reference="r")
        assert claim._accept_alone(first)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO transaction_request SELECT (json_populate_record(request,"
                " json_build_object('id', gen_random_uuid(), 'idempotency_key', 'key-' || number,"
                " 'reference', 'reference-' || number))).*"
                " FROM transaction_request AS request, generate_series(1, %s) AS number"
                " WHERE id = %s",
                [count, first["id"]],
            )

    @pytest.mark.parametrize("together", [True, False])
    def test_reads_one_place_of_one_index(self, session, alice, together):
        asked = asked_of(alice, reference="reference-0")
        statement = claim._ACCEPT_TOGETHER if together else claim._ACCEPT
        many = {"asked": claim._ENCODER.encode([asked]).decode()}
        execute = self.prepared(session, statement, many if together else asked)
        self.requests_of(alice, 5_000)

        with session.transaction(force_rollback=True):
            explain = sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) ") + execute
            ((plan,),) = session.execute(explain).fetchall()

        nodes = list(nodes_of(plan[0]["Plan"]))
        scans = [node for node in nodes if node.get("Relation Name") == "transaction_request"]
        scans = [node for node in scans if node["Node Type"].endswith("Scan")]
        assert {node.get("Index Name") for node in scans} == {
            "transaction_request_key_once",
            "transaction_request_reference_once",
        }
        assert all(node["Actual Rows"] <= 1 for node in scans)
        assert not any(node.get("Rows Removed by Filter") for node in scans)
        assert session.execute(execute).fetchall()


def nodes_of(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes_of(below)


class TestManyThreads:
    def test_have_an_answer_each_and_no_gaps(self, monkeypatch):
        monkeypatch.setattr("common.db.group_commit.SHARED_MIN", 1)
        shared = []
        together = claim._group._together
        monkeypatch.setattr(
            claim._group, "_together", lambda many: shared.append(len(many)) or together(many)
        )
        users = [UserFactory() for _ in range(4)]

        for _ in range(10):
            submissions = race(
                [
                    partial(transaction_submit, order=order_of(user), caller=caller_of(user, key))
                    for user in users
                    for key in (str(uuid7()), str(uuid7()))
                ]
            )
            assert not any(submission.replayed for submission in submissions)

        assert sum(shared) == 80
        assert max(shared) > 1
        assert TransactionRequest.objects.count() == 80
        assert all(stream_is_gapless(user) for user in users)
