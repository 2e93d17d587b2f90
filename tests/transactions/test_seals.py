"""Journal entries are sealed in order, once, and announced; the database checks every seal."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from common.db.refusing import constraint_name
from common.events.codec import event_decode
from common.events.contracts import JOURNAL_STREAM
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.commands import DepositFactory
from tests.factories.events import ALICE, NOON
from tests.transactions.books import apply, execute, fund
from tests.transactions.sealing import seal, wait_until_writers_ended
from transactions.ledger.chain import FIRST_PREVIOUS
from transactions.ledger.errors import SealingRefused
from transactions.ledger.management.commands import seal_journal
from transactions.ledger.models import JournalEntry, JournalSeal, LedgerCheckResult
from transactions.ledger.seals import journal_seal
from transactions.ledger.tasks import seal_journal as seal_journal_task

pytestmark = pytest.mark.django_db(transaction=True)


def seals():
    return list(JournalSeal.objects.order_by("number"))


def seal_like(head, **members):
    """A seal over the entry after `head`, unless told otherwise."""
    return JournalSeal(
        **{
            "number": head.number + 1,
            "previous": head.digest,
            "entries": 1,
            "last_xid": head.last_xid + 1,
            "last_sequence": head.last_sequence + 1,
            "highest_sequence": head.last_sequence + 1,
            "sealed_at": NOON,
            "digest": bytes(32),
            **members,
        }
    )


class TestJournalSeal:
    def test_seals_what_is_committed_and_says_so(self):
        fund(ALICE, 1_000)
        apply(DepositFactory(), DepositFactory())

        assert seal() == 1

        (one,) = seals()
        assert (one.number, one.entries, bytes(one.previous)) == (1, 3, FIRST_PREVIOUS)
        assert one.last_sequence == JournalEntry.objects.order_by("-sequence").first().sequence
        told = OutboxMessage.objects.get(stream=JOURNAL_STREAM)
        event = event_decode(told.type, bytes(told.data))
        assert (event.number, event.digest) == (1, bytes(one.digest).hex())
        assert OutboxStream.objects.get(stream=JOURNAL_STREAM).last_sequence == 1

    def test_makes_a_chain_of_seals_of_bounded_size(self):
        apply(*[DepositFactory() for _ in range(5)])

        assert seal(entries_max=2) == 3
        assert seal() == 0

        assert [seal.entries for seal in seals()] == [2, 2, 1]
        first, second, third = seals()
        assert (bytes(second.previous), bytes(third.previous)) == (
            bytes(first.digest),
            bytes(second.digest),
        )

    def test_stops_after_as_many_seals_as_it_may_make(self):
        apply(*[DepositFactory() for _ in range(5)])

        assert seal(entries_max=2, seals_max=2) == 2

    def test_waits_for_whoever_began_before(self):
        """Ids, not times of commit, order the entries: an older writer may still add some."""
        fund(ALICE, 1_000)
        wait_until_writers_ended()

        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            execute("SELECT pg_current_xact_id()")
            pool.submit(_in_its_own_connection, lambda: fund(ALICE, 1)).result(timeout=10)
            made = pool.submit(_in_its_own_connection, journal_seal).result(timeout=10)
            assert (made, seals()[0].entries) == (1, 1)
            apply(DepositFactory())

        assert seal() == 1
        assert [seal.entries for seal in seals()] == [1, 2]
        early, late = JournalEntry.objects.order_by("sequence")[1:]
        assert early.sequence < late.sequence
        assert seals()[1].last_sequence == early.sequence, "the later writer comes last"

    def test_is_done_by_one_at_a_time(self):
        fund(ALICE, 1_000)

        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            execute("SELECT pg_advisory_xact_lock(7305517284401)")
            assert pool.submit(_in_its_own_connection, journal_seal).result(timeout=10) == 0

        assert seal() == 1

    def test_has_a_command(self, monkeypatch, capsys):
        monkeypatch.setattr(seal_journal, "timeouts_use", lambda _: None)
        fund(ALICE, 1_000)
        wait_until_writers_ended()

        call_command("seal_journal")

        assert capsys.readouterr().out == "1 seals made\n"

    def test_has_a_task_that_remembers(self):
        fund(ALICE, 1_000)
        wait_until_writers_ended()

        assert seal_journal_task() == 1
        assert LedgerCheckResult.objects.get(name="sealing").ok


class TestAnotherCluster:
    """What a dump meets in a cluster with other transaction ids, planted by the owner."""

    @pytest.fixture(autouse=True)
    def sealed(self):
        fund(ALICE, 1_000)
        seal()

    def test_refuses_ids_that_went_back(self):
        _past_the_rules("UPDATE ledger_journal_seal SET last_xid = last_xid + 1000000")
        fund(ALICE, 1)

        with pytest.raises(SealingRefused, match="not past that of seal 1"):
            seal()

        assert len(seals()) == 1

    def test_refuses_an_entry_that_sorts_below_the_last_seal(self):
        fund(ALICE, 1)
        _past_the_rules(
            "UPDATE ledger_journal_entry SET written_by = '3' WHERE sequence = (SELECT"
            " max(sequence) FROM ledger_journal_entry)"
        )

        with pytest.raises(SealingRefused, match="sorts below seal 1"):
            seal()

    def test_refuses_an_entry_of_the_future(self):
        fund(ALICE, 1)
        _past_the_rules(
            "UPDATE ledger_journal_entry SET written_by = '99999999999' WHERE sequence = (SELECT"
            " max(sequence) FROM ledger_journal_entry)"
        )

        with pytest.raises(SealingRefused, match="yet to come"):
            seal_journal_task()

        assert not LedgerCheckResult.objects.get(name="sealing").ok


class TestDatabaseRules:
    def test_an_entry_is_written_by_the_transaction_that_runs(self):
        fund(ALICE, 1_000)

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            execute(
                "INSERT INTO ledger_journal_entry (transaction_id, type, from_state, to_state,"
                " code, actor, cause, recorded_at, hash, written_by) SELECT transaction_id, type,"
                " from_state, to_state, code, actor, cause, recorded_at, hash, '3'"
                " FROM ledger_journal_entry"
            )

        assert constraint_name(raised.value) == "journal_entry_written_now"

    @pytest.mark.parametrize(
        "change",
        [
            {"number": 3},
            {"previous": bytes(32)},
            {"entries": 2},
            {"digest": bytes(32)},
            {"highest_sequence": 1},
            {"last_sequence": 10**9},
            {"last_xid": 10**9},
        ],
        ids=str,
    )
    def test_a_seal_that_does_not_fit_is_refused(self, change):
        apply(DepositFactory())
        seal()
        apply(DepositFactory())
        seal()
        right = seals()[1]
        _past_the_rules("DELETE FROM ledger_journal_seal WHERE number = 2")
        members = {field.attname: getattr(right, field.attname) for field in right._meta.fields}

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            JournalSeal.objects.create(**{**members, **change})
        assert constraint_name(raised.value) == "journal_seal_fits_the_journal"

        JournalSeal.objects.create(**members)

    def test_a_seal_over_entries_whose_writer_runs_is_refused(self):
        apply(DepositFactory())
        seal()

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            apply(DepositFactory())
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT written_by::text::bigint, sequence, sha256(seal.digest || int8send(2)"
                    " || int8send(sequence) || hash) FROM ledger_journal_entry AS entry,"
                    " ledger_journal_seal AS seal ORDER BY entry.written_by DESC LIMIT 1"
                )
                xid, sequence, digest = cursor.fetchone()
            seal_like(
                seals()[0],
                last_xid=xid,
                last_sequence=sequence,
                highest_sequence=sequence,
                digest=digest,
            ).save(force_insert=True)

        assert constraint_name(raised.value) == "journal_seal_fits_the_journal"

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_journal_seal SET entries = 2",
            "DELETE FROM ledger_journal_seal",
            "TRUNCATE ledger_journal_seal",
        ],
    )
    def test_a_seal_stays_as_it_is(self, statement):
        fund(ALICE, 1_000)
        seal()

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            execute(statement)


def _past_the_rules(statement):
    """What a superuser of the database can do."""
    with transaction.atomic():
        for table in ("ledger_journal_seal", "ledger_journal_entry"):
            execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        execute(statement)
        for table in ("ledger_journal_seal", "ledger_journal_entry"):
            execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _in_its_own_connection(work):
    try:
        return work()
    finally:
        connections.close_all()
