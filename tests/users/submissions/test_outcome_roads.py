"""Step 10 of the road: what an outcome tells of its road is kept, at no further statement."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from msgspec import structs

from common.events.contracts import Cause
from common.ids import uuid7
from tests.factories.users import NOON, TransactionCommandFactory, TransactionRequestFactory
from tests.users.submissions.test_command_outcomes import (
    authorised,
    captured,
    hold,
    refused,
    reversal,
)
from tests.users.submissions.test_outcomes import consume, posted, received, rejected
from users.submissions.models import StaffOutcome
from users.submissions.road import UNTOLD, Road
from users.wiring import WIRING

pytestmark = pytest.mark.django_db


@dataclass
class Told:
    """Members of an outcome that tell one road, which no other outcome tells."""

    offset: int

    def __post_init__(self) -> None:
        self.event_id = uuid7()

    @property
    def members(self):
        at = NOON + timedelta(seconds=self.offset)
        cause = Cause(event_id=self.event_id, partition=3, offset=self.offset, published_at=at)
        return {
            "cause": cause,
            "consumed_at": at + timedelta(milliseconds=1),
            "decided_at": at + timedelta(milliseconds=2),
        }


def road(row) -> Road:
    row.refresh_from_db()
    return Road(*(getattr(row, name) for name in Road._fields))


def tells(row, told: Told) -> bool:
    kept = road(row)
    members = told.members
    return (
        (kept.cause_event_id, kept.cause_partition, kept.cause_offset)
        == (told.event_id, 3, told.offset)
        and (kept.cause_published_at, kept.cause_consumed_at, kept.decided_at)
        == (members["cause"].published_at, members["consumed_at"], members["decided_at"])
        and kept.outcome_event_id is not None
        and (kept.outcome_partition, kept.outcome_offset) == (0, 1)
        and (kept.outcome_published_at, kept.outcome_consumed_at) == (NOON, NOON)
    )


@pytest.mark.parametrize("outcome", [posted, rejected])
def test_is_kept_with_the_request(outcome):
    row, other = TransactionRequestFactory.create_batch(2)
    told = Told(7)

    consume(structs.replace(outcome(row), **told.members))

    assert tells(row, told)
    assert road(other) == UNTOLD


def test_of_the_first_outcome_stays_when_a_command_changes_the_request():
    row = hold(status="pending")
    command = TransactionCommandFactory(transaction=row)
    first, second = Told(1), Told(2)

    consume(authorised(row, **first.members), captured(row, by=command, **second.members))

    assert tells(row, first)
    assert tells(command, second)


def test_of_a_refusal_is_kept_with_its_command():
    row = hold()
    command = TransactionCommandFactory(transaction=row)
    told = Told(5)

    consume(refused(command, **told.members))

    assert tells(command, told)
    assert road(row) == UNTOLD


def test_of_a_repetition_changes_nothing():
    row = TransactionRequestFactory()
    first = Told(1)
    consume(posted(row, **first.members))

    consume(posted(row, **Told(2).members))

    assert tells(row, first)


class TestStaff:
    def test_outcome_is_kept_with_who_did_it(self):
        row = TransactionRequestFactory(posted=True)
        told, command_id = Told(9), uuid7()

        consume(reversal(row, 100, 100, command_id=command_id, **told.members))

        kept = StaffOutcome.objects.get()
        assert (kept.command_id, kept.transaction_id) == (command_id, row.id)
        assert (kept.type, kept.applied_amount, kept.rejection_code) == ("reverse", 100, None)
        assert kept.actor == "system:transactions"
        assert tells(kept, told)

    def test_outcome_told_again_is_the_first(self):
        row = TransactionRequestFactory(posted=True)
        first, command_id = Told(9), uuid7()
        consume(reversal(row, 100, 100, command_id=command_id, **first.members))

        consume(reversal(row, 100, 100, command_id=command_id, **Told(10).members))

        assert tells(StaffOutcome.objects.get(), first)

    def test_refusal_is_kept_where_the_request_is_known(self):
        known = TransactionCommandFactory.build(transaction=hold())
        lost = TransactionCommandFactory.build(
            transaction=TransactionRequestFactory.build(id=uuid7())
        )

        consume(refused(known), refused(lost))

        kept = StaffOutcome.objects.get()
        assert (kept.command_id, kept.rejection_code, kept.type) == (known.id, "exceeds_hold", "")

    def test_outcome_is_changed_and_removed_by_nobody(self):
        row = TransactionRequestFactory(posted=True)
        consume(reversal(row, 100, 100))
        for change in (
            lambda: StaffOutcome.objects.update(actor="somebody else"),
            lambda: StaffOutcome.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
                change()


def test_costs_no_further_statement():
    """One statement for requests, one for commands, whatever the number of outcomes."""
    rows = [hold(status="pending") for _ in range(5)]
    commands = [TransactionCommandFactory(transaction=row) for row in rows]
    batch = WIRING.open_batch()
    for row, command in zip(rows, commands, strict=True):
        for event in (authorised(row), refused(command)):
            WIRING.handlers[event.TYPE](received(event, stream=row.user_id))(batch)

    with CaptureQueriesContext(connection) as asked:
        batch.write()

    assert [re.findall(r"UPDATE \w+", query["sql"]) for query in asked] == [
        ["UPDATE transaction_request"],
        ["UPDATE transaction_command"],
    ]
