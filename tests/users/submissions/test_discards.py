"""An outcome may be discarded as long as no request waits for it."""

from dataclasses import replace

import pytest

from common.events.contracts import Cause, TransactionRejectedV1
from common.events.topics import TRANSACTIONS_EVENTS, TRANSACTIONS_SOURCE
from common.ids import uuid7
from common.inbox.arrival import arrive
from common.inbox.discard import dead_letter_discard
from common.inbox.errors import DiscardRefused
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxCursor, InboxWaiting
from tests.factories.events import record
from tests.factories.users import NOON, TransactionRequestFactory
from users.submissions.models import TransactionRequest
from users.wiring import WIRING

pytestmark = pytest.mark.django_db(transaction=True)


def outcome(*, stream, transaction_id, **members):
    event = TransactionRejectedV1(
        transaction_id=transaction_id,
        code="insufficient_funds",
        cause=Cause(event_id=uuid7(), partition=0, offset=0, published_at=NOON),
        consumed_at=NOON,
        decided_at=NOON,
    )
    sent = record(event, stream=stream, source=TRANSACTIONS_SOURCE, **members)
    return replace(sent, topic=TRANSACTIONS_EVENTS)


def consume(*records):
    batch_isolate(WIRING, [arrive(one, consumed_at=NOON) for one in records])


def discard(**options):
    letter = InboxWaiting.objects.get(state="dead")
    return dead_letter_discard(
        wiring=WIRING, letter_id=letter.pk, actor="staff:carol", reason="a reason", **options
    )


@pytest.fixture
def pending():
    return TransactionRequestFactory()


class TestDiscard:
    @pytest.mark.parametrize("subject", [None, "a transaction"])
    def test_is_refused_while_a_request_waits_or_may_wait(self, pending, subject):
        members = {} if subject is None else {"subject": subject}
        sent = outcome(stream=pending.user_id, transaction_id=pending.id, **members)
        consume(replace(sent, value=b"{"))

        with pytest.raises(DiscardRefused, match=r"replay it|may wait"):
            discard()

        assert not InboxCursor.objects.filter(last_sequence__gt=0).exists()
        assert TransactionRequest.objects.get().status == "pending"

    def test_of_rubbish_leaves_the_request_waiting_for_the_real_one(self, pending):
        sent = outcome(stream=pending.user_id, transaction_id=pending.id)
        consume(replace(sent, value=b"{"))
        discard(rubbish=True)

        consume(replace(sent, offset=7))

        assert TransactionRequest.objects.get().status == "rejected"

    def test_of_an_outcome_that_answers_nothing_lets_the_stream_go_on(self, pending):
        nobodys = outcome(stream=pending.user_id, transaction_id=uuid7(), sequence=1)
        consume(
            replace(nobodys, value=b"{"),
            outcome(stream=pending.user_id, transaction_id=pending.id, sequence=2),
        )
        assert InboxWaiting.objects.get(state="dead").error_class == "poison"

        discard()

        assert TransactionRequest.objects.get().status == "rejected"
        assert InboxCursor.objects.get().last_sequence == 2

    def test_of_an_outcome_for_a_settled_request_changes_only_the_stream(self, pending):
        consume(outcome(stream=pending.user_id, transaction_id=pending.id, sequence=1))
        sent = outcome(stream=pending.user_id, transaction_id=pending.id, sequence=2)
        consume(replace(sent, value=b"{"))

        discard()

        assert TransactionRequest.objects.get().rejection_code == "insufficient_funds"
        assert InboxCursor.objects.get().last_sequence == 2
