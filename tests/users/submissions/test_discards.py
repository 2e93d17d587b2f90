"""An outcome may be discarded as long as no request waits for it."""

from dataclasses import replace

import pytest

from common.events.contracts import (
    Cause,
    TransactionCommandRejectedV1,
    TransactionRejectedV1,
    TransactionReversedV1,
)
from common.events.topics import TRANSACTIONS_EVENTS, TRANSACTIONS_SOURCE
from common.ids import uuid7
from common.inbox.arrival import arrive
from common.inbox.discard import dead_letter_discard
from common.inbox.errors import DiscardRefused
from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxCursor, InboxWaiting
from tests.factories.events import record
from tests.factories.users import (
    NOON,
    TransactionCommandFactory,
    TransactionRequestFactory,
)
from users.submissions.models import TransactionRequest
from users.wiring import WIRING

pytestmark = pytest.mark.django_db(transaction=True)


_CAUSE = {
    "cause": Cause(event_id=uuid7(), partition=0, offset=0, published_at=NOON),
    "consumed_at": NOON,
    "decided_at": NOON,
}


def outcome(*, stream, transaction_id, **members):
    event = TransactionRejectedV1(
        transaction_id=transaction_id, code="insufficient_funds", **_CAUSE
    )
    return told(event, stream=stream, **members)


def told(event, *, stream, **members):
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


class TestDiscardOfACommandsOutcome:
    """Each is a dead letter of class bug: what it tells contradicts what is here."""

    def reversal(self, row, *, by, amount=100, so_far=100):
        event = TransactionReversedV1(
            transaction_id=row.id,
            command_id=by,
            state="partially_reversed",
            amount=amount,
            reversed_amount=so_far,
            currency="USD",
            postings=[],
            **_CAUSE,
        )
        return told(event, stream=row.user_id)

    def refusal(self, command):
        event = TransactionCommandRejectedV1(
            transaction_id=command.transaction_id,
            command_id=command.id,
            code="not_reversible",
            state="posted",
            **_CAUSE,
        )
        return told(event, stream=command.transaction.user_id)

    @pytest.fixture
    def posted(self):
        return TransactionRequestFactory(posted=True)

    def test_is_refused_while_the_request_has_not_had_it(self, posted):
        consume(self.reversal(posted, by=uuid7()))

        with pytest.raises(DiscardRefused, match=r"Request .* waits"):
            discard()

    def test_is_refused_while_its_command_waits(self, posted):
        TransactionRequest.objects.update(status="partially_reversed", reversed_amount=100)
        command = TransactionCommandFactory(transaction=posted, type="reverse")
        consume(self.reversal(posted, by=command.id))

        with pytest.raises(DiscardRefused, match=r"command about .* waits"):
            discard()

    def test_is_refused_while_any_command_may_wait_for_what_is_illegible(self, posted):
        command = TransactionCommandFactory(transaction=posted, type="reverse")
        consume(replace(self.refusal(command), value=b"{"))

        with pytest.raises(DiscardRefused, match=r"command about .* waits"):
            discard()

    def test_lets_the_stream_go_on_when_both_have_had_it(self, posted):
        TransactionRequest.objects.update(status="partially_reversed", reversed_amount=100)
        TransactionCommandFactory(transaction=posted, type="reverse")
        consume(self.reversal(posted, by=uuid7()))

        discard()

        assert InboxCursor.objects.get().last_sequence == 1
        assert TransactionRequest.objects.get().reversed_amount == 100

    def test_lets_a_refusal_go_that_nobody_waits_for(self, posted):
        command = TransactionCommandFactory(transaction=posted, type="reverse", rejected=True)
        consume(self.refusal(command))

        discard()

        assert InboxCursor.objects.get().last_sequence == 1
