"""A made-up past as the ledger has it: decided by the engine, and whole."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.db.models import F

from common.demo_history import writing
from common.demo_history.scale import Scale
from common.inbox.models import InboxCursor, InboxWaiting
from common.outbox.models import OutboxMessage, OutboxStream
from tests.transactions.sealing import seal
from transactions import demo_history
from transactions.demo_history import LedgerPast, PastMisfit
from transactions.ledger.models import Account, JournalSeal, LedgerTransaction, UserReplica
from transactions.ledger.trial_balance import trial_balance
from transactions.ledger.verify_chain import chain_verify
from transactions.ledger.verify_ledger import ledger_verify

pytestmark = pytest.mark.django_db(transaction=True)

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
SCALE = Scale(transactions=600, users=100, dead_letters=25, until=UNTIL)


def past(keep_from=UNTIL - timedelta(days=30)):
    return LedgerPast(SCALE, keep_from=keep_from)


class TestLedgerPast:
    def test_has_books_that_balance_under_seals(self):
        past().write(on_steps=lambda _: None)

        assert JournalSeal.objects.exists()
        seal()  # what was held up by somebody else on this cluster
        assert all(currency.balances for currency in trial_balance())
        faults = []
        ledger_verify(on_misfit=faults.append)
        report = chain_verify(on_fault=faults.append)
        assert faults == []
        assert report.unsealed == 0
        assert report.seals == JournalSeal.objects.count() > 0

    def test_goes_on_where_the_database_gave_a_part_up(self, monkeypatch):
        check, failures = demo_history._check, iter([OperationalError("statement timeout")])

        def give_up_once(*arguments):
            for failure in failures:
                raise failure
            check(*arguments)

        monkeypatch.setattr(demo_history, "_check", give_up_once)
        monkeypatch.setattr(writing, "_PAUSES_S", (0.0,))

        past().write(on_steps=lambda _: None)

        assert past().is_whole()
        faults = []
        ledger_verify(on_misfit=faults.append)
        assert faults == []

    def test_does_not_try_a_misfit_again(self, monkeypatch):
        asked = []

        def misfit(*_):
            asked.append(1)
            raise PastMisfit

        monkeypatch.setattr(demo_history, "_check", misfit)

        with pytest.raises(PastMisfit):
            past().write(on_steps=lambda _: None)
        assert asked == [1]
        assert not LedgerTransaction.objects.exists()

    def test_is_of_every_kind(self):
        past().write(on_steps=lambda _: None)

        rows = LedgerTransaction.objects.all()
        originals = rows.filter(pending=None, reverses=None)
        assert originals.exclude(kind__in=["capture", "void", "expiry", "reversal"]).count() == 600
        assert {"capture", "void", "reversal", "deposit", "transfer", "withdrawal"} <= set(
            rows.values_list("kind", flat=True)
        )
        assert {"insufficient_funds", "exceeds_hold"} <= set(
            rows.values_list("rejection_code", flat=True)
        )
        assert not rows.filter(recorded_at__lt=F("effective_at")).exists()
        assert UserReplica.objects.count() == SCALE.users
        assert InboxWaiting.objects.filter(state="dead").count() == SCALE.dead_letters

    def test_numbers_streams_without_gaps_up_to_their_heads(self):
        past(keep_from=UNTIL - timedelta(days=200)).write(on_steps=lambda _: None)

        people = InboxCursor.objects.filter(last_sequence__gt=0).values("stream")
        streams = OutboxStream.objects.filter(stream__in=people)
        assert streams.exists()
        for stream in streams:
            messages = OutboxMessage.objects.filter(stream=stream.stream).order_by("sequence")
            sequences = list(messages.values_list("sequence", flat=True))
            assert sequences == list(range(1, stream.last_sequence + 1))
            assert messages.last().id == stream.last_event_id

    def test_goes_on_where_it_was_interrupted(self):
        class Interrupted(Exception):
            pass

        seen = []

        def interrupt(steps):
            seen.append(steps)
            if len(seen) == 40:
                raise Interrupted

        with pytest.raises(Interrupted):
            past().write(on_steps=interrupt)
        before = LedgerTransaction.objects.count()
        assert before == sum(seen)

        past().write(on_steps=lambda _: None)

        assert past().is_whole()
        assert LedgerTransaction.objects.count() > before
        faults = []
        ledger_verify(on_misfit=faults.append)
        assert faults == []

    def test_is_not_written_when_the_ledger_decides_otherwise(self):
        mine = past()
        burst = next(mine._history.bursts())
        burst.steps[0].code = "insufficient_funds"

        with pytest.raises(PastMisfit):
            mine._record(burst)
        assert not LedgerTransaction.objects.exists()
        assert not Account.objects.exists()
