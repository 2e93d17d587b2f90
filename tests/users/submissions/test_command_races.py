"""Commands under contention and under trouble: real commits, real locks."""

from collections import Counter
from functools import partial

import psycopg
import pytest
from django.db import connection, transaction

from common.ids import uuid7
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.users import TransactionRequestFactory
from tests.users.conftest import TRANSACTIONS
from tests.users.racing import race
from tests.users.submissions.test_races import _wait_until_somebody_waits, plain_settings
from users.submissions.expiries import holds_expire
from users.submissions.models import TransactionCommand, TransactionRequest

pytestmark = pytest.mark.django_db(transaction=True)


def overdue(**members) -> TransactionRequest:
    return TransactionRequestFactory(**{"hold": True, "status": "authorised", **members})


def stream_is_gapless(stream) -> bool:
    """The stream, its events and its commands agree: 1, 2, 3 … and nothing else."""
    sequences = sorted(
        OutboxMessage.objects.filter(stream=stream).values_list("sequence", flat=True)
    )
    rows = TransactionCommand.objects.filter(transaction__user_id=stream).count()
    last = OutboxStream.objects.get(stream=stream).last_sequence
    return sequences == list(range(1, rows + 1)) and last == rows


class TestTwins:
    @pytest.mark.parametrize("name", ["capture", "void", "reverse"])
    def test_have_one_effect_and_every_other_answer_is_the_replay(self, client_of, treasury, name):
        row = TransactionRequestFactory(kind="deposit", posted=True, requested_by=treasury)
        clients = [client_of(treasury) for _ in range(20)]

        answers = race(
            [
                partial(
                    client.post,
                    f"{TRANSACTIONS}/{row.id}/{name}",
                    {},
                    format="json",
                    headers={"Idempotency-Key": "k"},
                )
                for client in clients
            ]
        )

        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.content for answer in answers}) == 1
        replayed = Counter(answer.headers.get("Idempotent-Replayed") for answer in answers)
        assert replayed == {None: 1, "true": 19}
        assert TransactionCommand.objects.count() == OutboxMessage.objects.count() == 1
        assert stream_is_gapless(row.user_id)

    def test_that_are_late_tell_of_one_expiry(self, command):
        row = overdue()

        race([partial(command, row.user, row, "capture", key=f"k{n % 4}") for n in range(12)])

        types = Counter(TransactionCommand.objects.values_list("type", flat=True))
        assert types == {"capture": 4, "expiry": 1}
        assert OutboxMessage.objects.get(sequence=1).type == "transaction_expiry_due.v1"
        assert stream_is_gapless(row.user_id)


class TestSweeps:
    def test_at_once_tell_of_every_hold_once(self, alice, bob):
        rows = [overdue(user=user) for user in (alice, bob) for _ in range(10)]

        race([partial(holds_expire, limit=30) for _ in range(6)])

        commands = TransactionCommand.objects.filter(type="expiry")
        assert set(commands.values_list("transaction_id", flat=True)) == {row.id for row in rows}
        assert commands.count() == 20
        assert stream_is_gapless(alice.id)
        assert stream_is_gapless(bob.id)

    def test_meet_late_captures_without_a_deadlock(self, command, alice, bob):
        rows = [overdue(user=user) for user in (alice, bob) for _ in range(5)]

        answers = race(
            [
                *[partial(command, row.user, row, "capture") for row in rows],
                *[partial(holds_expire, limit=30) for _ in range(4)],
            ]
        )

        assert [answer.status_code for answer in answers[:10]] == [202] * 10
        types = Counter(TransactionCommand.objects.values_list("type", flat=True))
        assert types == {"capture": 10, "expiry": 10}
        for row in rows:
            expiry, capture = (
                OutboxMessage.objects.get(
                    subject=str(row.id), type__startswith=f"transaction_{one}"
                )
                for one in ("expiry", "capture")
            )
            assert expiry.sequence < capture.sequence
        assert stream_is_gapless(alice.id)
        assert stream_is_gapless(bob.id)


class TestHalfway:
    @pytest.mark.parametrize("table", ["outbox_message", "outbox_stream", "transaction_command"])
    def test_a_failure_leaves_neither_command_nor_expiry_nor_gap(self, command, table):
        row = overdue()
        operation = "INSERT" if table == "outbox_message" else "UPDATE"
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$;"
                f"CREATE TRIGGER break AFTER {operation} ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION break()"
            )
        try:
            failed = command(row.user, row, "capture", key="k")
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP FUNCTION break() CASCADE")

        assert failed.status_code == 500
        assert not TransactionCommand.objects.exists()
        assert not OutboxMessage.objects.exists()
        again = command(row.user, row, "capture", key="k")
        assert again.status_code == 202
        assert "Idempotent-Replayed" not in again
        assert stream_is_gapless(row.user_id)

    def test_a_suspension_that_commits_first_wins(self, command):
        """The caller is looked at under the lock that a suspension holds."""
        row = overdue()
        held = psycopg.connect(**plain_settings(), autocommit=False)
        held.execute("UPDATE user_account SET status = 'suspended' WHERE id = %s", [row.user_id])
        held.execute("UPDATE outbox_stream SET accepting = false WHERE stream = %s", [row.user_id])

        def suspend() -> None:
            _wait_until_somebody_waits(held)
            held.commit()

        answer, _ = race([partial(command, row.user, row, "void"), suspend])
        held.close()

        assert answer.status_code == 403
        assert not TransactionCommand.objects.exists()
        assert OutboxStream.objects.get(stream=row.user_id).last_sequence == 0

    def test_a_command_waits_for_nothing_but_its_own_stream(self, command, alice, bob):
        row = overdue(user=bob)
        with transaction.atomic():
            OutboxStream.objects.select_for_update().get(stream=alice.id)

            (answer,) = race([partial(command, bob, row, "void", key=str(uuid7()))])

        assert answer.status_code == 202
