import threading

import pytest
from django.db import connection, transaction

from common.events.codec import SIZE_MAX, EventTooLarge
from common.outbox.append import (
    NewEvent,
    outbox_append,
    outbox_append_many,
    stream_accepting_set,
    stream_open,
    stream_take,
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

    def test_takes_no_request_while_the_stream_does_not_accept(self):
        stream_open(stream=ALICE, accepting=True)
        stream_accepting_set(stream=ALICE, accepting=False)

        with pytest.raises(StreamNotAccepting):
            stream_take(stream=ALICE, accepting=True)

        assert stream_take(stream=ALICE).sequence == 1

    def test_refuses_more_than_16_kib(self):
        stream_open(stream=ALICE, accepting=True)

        with pytest.raises(EventTooLarge):
            outbox_append(event=new_event(description="x" * SIZE_MAX))


@pytest.mark.django_db(transaction=True)
class TestTransactionDuty:
    def test_needs_a_transaction(self):
        with pytest.raises(transaction.TransactionManagementError):
            outbox_append(event=new_event())
        with pytest.raises(transaction.TransactionManagementError):
            outbox_append_many(events=[new_event()])

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
