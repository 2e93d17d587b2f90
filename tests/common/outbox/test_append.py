import threading

import pytest
from django.db import connection, transaction

from common.db.prepared import prepared_row
from common.events.codec import SIZE_MAX, EventTooLarge
from common.ids import uuid7
from common.outbox.append import (
    NewEvent,
    append_parameters,
    append_statement,
    outbox_append,
    outbox_append_many,
    outbox_messages,
    outbox_places_take,
    stream_accepting_set,
    stream_accepts,
    stream_open,
    streams_hold,
)
from common.outbox.errors import StreamNotAccepting
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.events import ALICE, BOB, NOON, transaction_created


def new_event(stream=ALICE, **members):
    return NewEvent(
        stream=stream,
        event=transaction_created(**members),
        occurred_at=NOON,
        actor=f"user:{stream}",
        correlation_id="a-request",
    )


@pytest.mark.django_db
class TestOutboxAppend:
    def test_numbers_the_events_of_a_stream_from_one(self):
        stream_open(stream=ALICE, accepting=True)

        ids = [outbox_append(event=new_event()) for _ in range(3)]

        kept = OutboxMessage.objects.filter(stream=ALICE).order_by("position")
        assert [(m.id, m.sequence) for m in kept] == list(zip(ids, (1, 2, 3), strict=True))
        head = OutboxStream.objects.get(stream=ALICE)
        assert (head.last_sequence, head.last_event_id) == (3, ids[-1])

    def test_keeps_the_data_and_the_envelope(self):
        stream_open(stream=ALICE, accepting=True)
        event = new_event(description="tea")

        outbox_append(event=event)

        message = OutboxMessage.objects.get()
        assert b'"description":"tea"' in bytes(message.data)
        assert message.subject == str(event.event.subject)
        assert (message.actor, message.correlation_id) == (event.actor, "a-request")
        assert (message.occurred_at, message.published_at) == (NOON, None)

    def test_refuses_a_stream_that_was_never_opened(self):
        with pytest.raises(StreamNotAccepting):
            outbox_append(event=new_event())

    def test_appends_whatever_is_no_request_while_the_stream_takes_none(self):
        stream_open(stream=ALICE, accepting=True)
        stream_accepting_set(stream=ALICE, accepting=False)

        outbox_append(event=new_event())

        assert not stream_accepts(stream=ALICE)
        assert OutboxStream.objects.get(stream=ALICE).last_sequence == 1

    def test_refuses_more_than_16_kib(self):
        stream_open(stream=ALICE, accepting=True)

        with pytest.raises(EventTooLarge):
            outbox_append(event=new_event(description="x" * SIZE_MAX))


def append_at_once(event: NewEvent, *, condition="true", effect="SELECT", data="'{}'"):
    """What `append_statement` answers for an event, if its parts are these."""
    statement = append_statement(condition=condition, effect=effect, data=data)
    return prepared_row(statement, append_parameters(event))


@pytest.mark.django_db
class TestAppendStatement:
    def test_says_what_appending_in_steps_says(self):
        for stream in (ALICE, BOB):
            stream_open(stream=stream, accepting=True)
        outbox_append(event=new_event(BOB))
        event = new_event()._replace(traceparent="00-a-b-01", causation_id="because")

        (at,) = append_at_once(event, data="'{\"at\": ' || sequence || '}'")

        stepwise = OutboxMessage.objects.get(stream=BOB)
        kept = OutboxMessage.objects.get(stream=ALICE)
        assert bytes(kept.data) == b'{"at": 1}'
        assert (kept.sequence, kept.occurred_at, kept.published_at) == (1, at, None)
        assert (kept.type, kept.topic) == (stepwise.type, stepwise.topic)
        assert kept.subject == str(event.event.subject)
        assert (kept.actor, kept.correlation_id) == (event.actor, event.correlation_id)
        assert (kept.traceparent, kept.causation_id) == (event.traceparent, event.causation_id)
        assert OutboxStream.objects.get(stream=ALICE).last_event_id == kept.id

    @pytest.mark.parametrize(
        ("accepting", "condition"), [(False, "true"), (True, "false"), (None, "true")]
    )
    def test_does_nothing_if_anything_is_against_it(self, accepting, condition):
        if accepting is not None:
            stream_open(stream=ALICE, accepting=accepting)
        effect = "INSERT INTO outbox_stream (stream, last_sequence, accepting, blocked_reason)"
        effect += " SELECT '01980000-0000-7000-8000-0000000000cc', 0, true, '' FROM taken"

        assert append_at_once(new_event(), condition=condition, effect=effect) is None

        assert not OutboxMessage.objects.exists()
        assert not OutboxStream.objects.exclude(stream=ALICE).exists()
        assert not OutboxStream.objects.filter(last_sequence__gt=0).exists()


@pytest.mark.django_db
class TestHolding:
    def test_says_who_accepts_and_takes_no_number(self):
        stream_open(stream=ALICE, accepting=True)
        stream_open(stream=BOB, accepting=False)

        held = streams_hold(streams={ALICE, BOB, uuid7()})

        assert {stream: one.accepting for stream, one in held.items()} == {ALICE: True, BOB: False}
        assert not OutboxStream.objects.filter(last_sequence__gt=0).exists()


@pytest.mark.django_db(transaction=True)
class TestTransactionDuty:
    def test_needs_a_transaction(self):
        with pytest.raises(transaction.TransactionManagementError):
            outbox_append(event=new_event())
        with pytest.raises(transaction.TransactionManagementError):
            outbox_append_many(events=[new_event()])
        with pytest.raises(transaction.TransactionManagementError):
            streams_hold(streams={ALICE})

    def test_leaves_nothing_behind_when_the_caller_rolls_back(self):
        with transaction.atomic():
            stream_open(stream=ALICE, accepting=True)

        with pytest.raises(ZeroDivisionError), transaction.atomic():
            outbox_append(event=new_event())
            raise ZeroDivisionError

        assert not OutboxMessage.objects.exists()
        assert OutboxStream.objects.get(stream=ALICE).last_sequence == 0

    def test_gives_racing_transactions_gapless_numbers_in_commit_order(self):
        with transaction.atomic():
            stream_open(stream=ALICE, accepting=True)
        barrier = threading.Barrier(4)

        def append_some():
            barrier.wait()
            for _ in range(25):
                with transaction.atomic():
                    outbox_append(event=new_event())
            connection.close()

        threads = [threading.Thread(target=append_some) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        kept = OutboxMessage.objects.order_by("position").values_list("sequence", flat=True)
        assert list(kept) == list(range(1, 101))


@pytest.mark.django_db
class TestOutboxAppendMany:
    def test_numbers_each_stream_in_the_order_given_and_opens_new_ones(self):
        stream_open(stream=BOB, accepting=True)
        outbox_append(event=new_event(BOB))

        outbox_append_many(events=[new_event(s) for s in (BOB, ALICE, BOB, ALICE, ALICE)])

        kept = OutboxMessage.objects.order_by("position").values_list("stream", "sequence")
        assert list(kept) == [(BOB, 1), (BOB, 2), (ALICE, 1), (BOB, 3), (ALICE, 2), (ALICE, 3)]

    def test_does_nothing_for_nothing(self):
        assert outbox_append_many(events=[]) == []

    def test_refuses_an_event_in_the_place_of_another_stream(self):
        places = outbox_places_take(streams=[ALICE, BOB])
        messages = outbox_messages(places=places, events=[new_event(BOB), new_event(ALICE)])

        with pytest.raises(ValueError, match="stream"):
            list(messages.rows)

    @pytest.mark.parametrize("events", [1, 3])
    def test_refuses_places_without_events_and_events_without_places(self, events):
        places = outbox_places_take(streams=[ALICE, ALICE])
        messages = outbox_messages(places=places, events=[new_event(ALICE)] * events)

        with pytest.raises(ValueError, match="zip"):
            list(messages.rows)
