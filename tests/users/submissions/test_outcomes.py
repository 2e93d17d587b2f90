"""Step 10 of the road: what the ledger decided settles what was asked."""

from datetime import timedelta
from functools import partial

import pytest

from common.events.contracts import (
    Cause,
    PostedLeg,
    TransactionPostedV1,
    TransactionRejectedV1,
)
from common.events.envelope import Envelope
from common.ids import uuid7
from common.inbox.wiring import Received
from tests.factories.users import NOON, TransactionRequestFactory
from users.submissions.errors import OutcomeMisfit
from users.submissions.models import TransactionRequest, UnclaimedOutcome
from users.wiring import WIRING

pytestmark = pytest.mark.django_db

DECIDED_AT = NOON + timedelta(seconds=1)
_CAUSE = {
    "cause": Cause(event_id=uuid7(), partition=3, offset=7, published_at=NOON),
    "consumed_at": NOON,
    "decided_at": DECIDED_AT,
}


def posted(row: TransactionRequest, **members) -> TransactionPostedV1:
    return TransactionPostedV1(
        **{
            "transaction_id": row.id,
            "amount": row.amount,
            "currency": row.currency,
            "postings": [
                PostedLeg(account_id=uuid7(), direction=direction, amount=row.amount)
                for direction in ("debit", "credit")
            ],
            **_CAUSE,
            **members,
        }
    )


def rejected(row: TransactionRequest, code: str = "insufficient_funds") -> TransactionRejectedV1:
    return TransactionRejectedV1(transaction_id=row.id, code=code, **_CAUSE)


def consume(*events, stream=None) -> None:
    """What the consumer does with one batch, but for cursors and offsets."""
    batch = WIRING.open_batch()
    for event in events:
        known = TransactionRequest.objects.filter(id=event.transaction_id).first()
        owner = stream or (known.user_id if known else uuid7())
        WIRING.handlers[event.TYPE](received(event, stream=owner))(batch)
    batch.write()


def received(event, *, stream) -> Received:
    envelope = Envelope(
        id=uuid7(),
        source="/transactions",
        type=event.TYPE,
        subject=str(event.subject),
        time=DECIDED_AT,
        stream=stream,
        sequence=1,
        correlation_id="request-of-a-test",
        causation_id=None,
        actor="system:transactions",
        traceparent=None,
    )
    return Received(
        envelope=envelope, event=event, partition=0, offset=1, published_at=NOON, consumed_at=NOON
    )


class TestOutcome:
    def test_posted_settles_the_request(self):
        row = TransactionRequestFactory()

        consume(posted(row))

        row.refresh_from_db()
        assert (row.status, row.rejection_code) == ("posted", None)
        assert (row.captured_amount, row.reversed_amount) == (250, 0)
        assert row.settled_at == DECIDED_AT

    def test_rejected_settles_the_request_with_its_code(self):
        row = TransactionRequestFactory()

        consume(rejected(row, "account_frozen"))

        row.refresh_from_db()
        assert (row.status, row.rejection_code) == ("rejected", "account_frozen")
        assert (row.captured_amount, row.settled_at) == (0, DECIDED_AT)

    def test_batch_is_settled_by_one_statement(self, django_assert_num_queries):
        rows = TransactionRequestFactory.create_batch(40)
        events = [rejected(row) if n % 3 else posted(row) for n, row in enumerate(rows)]
        batch = WIRING.open_batch()
        for row, event in zip(rows, events, strict=True):
            WIRING.handlers[event.TYPE](received(event, stream=row.user_id))(batch)

        with django_assert_num_queries(1):
            batch.write()

        assert TransactionRequest.objects.filter(status="posted").count() == 14
        assert TransactionRequest.objects.filter(status="rejected").count() == 26

    def test_empty_batch_does_nothing(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            WIRING.open_batch().write()


class TestRepetition:
    """The ledger's database was restored, and it decided again what it had decided."""

    @pytest.mark.parametrize(("state", "outcome"), [("posted", posted), ("rejected", rejected)])
    def test_of_an_outcome_changes_nothing(self, state, outcome):
        row = TransactionRequestFactory(**{state: True})

        consume(outcome(row))

        row.refresh_from_db()
        assert (row.status, row.settled_at) == (state, NOON)

    def test_in_one_batch_settles_once(self):
        row, other = TransactionRequestFactory.create_batch(2)

        consume(posted(row), posted(other), posted(row))

        assert TransactionRequest.objects.filter(status="posted").count() == 2

    def test_lets_the_others_of_its_batch_be_settled(self):
        old, new = TransactionRequestFactory(posted=True), TransactionRequestFactory()

        consume(posted(old), posted(new))

        new.refresh_from_db()
        assert new.status == "posted"


class TestUnclaimed:
    """This database was restored, and lost a request that the ledger has decided."""

    def test_outcome_is_kept_and_its_stream_goes_on(self, bob):
        lost = TransactionRequestFactory.build(id=uuid7(), user=bob, requested_by=bob)
        row = TransactionRequestFactory(user=bob)

        consume(posted(lost, amount=90), posted(row), stream=bob.id)

        row.refresh_from_db()
        kept = UnclaimedOutcome.objects.get()
        assert row.status == "posted"
        assert (kept.transaction_id, kept.user_id, kept.status) == (lost.id, bob.id, "posted")
        assert (kept.amount, kept.currency, kept.rejection_code) == (90, "EUR", None)

    def test_outcome_is_kept_as_it_came_first(self):
        lost = TransactionRequestFactory.build(id=uuid7())

        consume(rejected(lost))
        consume(posted(lost))

        assert UnclaimedOutcome.objects.get().status == "rejected"


class TestMisfit:
    @pytest.mark.parametrize(
        ("state", "outcome"),
        [
            ("posted", rejected),
            ("rejected", posted),
            ("rejected", partial(rejected, code="account_frozen")),
            ("posted", partial(posted, amount=249)),
            ("posted", partial(posted, currency="USD")),
        ],
    )
    def test_contradiction_of_a_settled_request_is_a_bug(self, state, outcome):
        row = TransactionRequestFactory(**{state: True})

        with pytest.raises(OutcomeMisfit):
            consume(outcome(row))

        row.refresh_from_db()
        assert (row.status, row.settled_at) == (state, NOON)

    def test_repetition_for_another_user_is_a_bug(self, bob):
        row = TransactionRequestFactory(posted=True)

        with pytest.raises(OutcomeMisfit):
            consume(posted(row), stream=bob.id)

    def test_two_outcomes_in_one_batch_are_a_bug(self):
        row = TransactionRequestFactory()

        with pytest.raises(OutcomeMisfit):
            consume(posted(row), rejected(row))

    @pytest.mark.parametrize("members", [{"amount": 249}, {"amount": 251}, {"currency": "USD"}])
    def test_other_money_than_asked_for_is_a_bug(self, members):
        row = TransactionRequestFactory()

        with pytest.raises(OutcomeMisfit):
            consume(posted(row, **members))

    def test_stream_of_another_user_is_a_bug(self, bob):
        row = TransactionRequestFactory()

        with pytest.raises(OutcomeMisfit):
            consume(posted(row), stream=bob.id)

        row.refresh_from_db()
        assert row.status == "pending"


def test_wiring_is_the_groups_name_and_topic():
    assert (WIRING.consumer, WIRING.topic) == ("users", "transactions.events")
    assert set(WIRING.handlers) == {
        "transaction_authorised.v1",
        "transaction_posted.v1",
        "transaction_rejected.v1",
        "transaction_voided.v1",
        "transaction_expired.v1",
        "transaction_reversed.v1",
        "transaction_command_rejected.v1",
        "user_close_decided.v1",
        "journal_sealed.v1",
    }
    # Nobody waits for a seal; one that is not kept shows when the chain is verified.
    with_duty = set(WIRING.handlers) - {"journal_sealed.v1"}
    assert set(WIRING.discards) == {name.removesuffix(".v1") for name in with_duty}
