"""Step 10 of the road: what became of holds, and of the commands about them."""

from datetime import timedelta
from itertools import permutations

import pytest

from common.events.contracts import (
    TransactionAuthorisedV1,
    TransactionCommandRejectedV1,
    TransactionExpiredV1,
    TransactionReversedV1,
    TransactionVoidedV1,
)
from common.ids import uuid7
from tests.factories.users import (
    NOON,
    TransactionCommandFactory,
    TransactionRequestFactory,
)
from tests.users.submissions.test_outcomes import (
    _CAUSE,
    DECIDED_AT,
    consume,
    posted,
    received,
    rejected,
)
from users.submissions.errors import OutcomeMisfit
from users.submissions.models import TransactionCommand, TransactionRequest, UnclaimedOutcome
from users.wiring import WIRING

pytestmark = pytest.mark.django_db

LATER = DECIDED_AT + timedelta(hours=1)


def money(row, **members):
    """What an outcome with money says, about all of it unless told otherwise."""
    known = {"transaction_id": row.id, "amount": row.amount, "currency": row.currency}
    return {**known, "postings": [], **_CAUSE, **members}


def authorised(row, **members):
    return TransactionAuthorisedV1(**money(row, **members))


def captured(row, amount=250, *, by=None, **members):
    return posted(row, amount=amount, command_id=by.id if by else uuid7(), **members)


def voided(row, *, by=None, **members):
    return TransactionVoidedV1(**money(row, command_id=by.id if by else uuid7(), **members))


def expired(row, *, by=None, **members):
    return TransactionExpiredV1(**money(row, command_id=by.id if by else uuid7(), **members))


def reversal(row, amount, so_far, *, by=None, whole=250, **members):
    state = "reversed" if so_far == whole else "partially_reversed"
    known = {"amount": amount, "reversed_amount": so_far, "state": state}
    command_id = by.id if by else uuid7()
    return TransactionReversedV1(**money(row, **known | {"command_id": command_id} | members))


def refused(command, code="exceeds_hold", state="authorised", **members):
    known = {"transaction_id": command.transaction_id, "command_id": command.id}
    return TransactionCommandRejectedV1(**known | {"code": code, "state": state} | _CAUSE | members)


def hold(**members) -> TransactionRequest:
    return TransactionRequestFactory(**{"hold": True, "status": "authorised", **members})


def command_on(row, name="capture", **members) -> TransactionCommand:
    return TransactionCommandFactory(transaction=row, type=name, **members)


def state(row) -> tuple:
    row.refresh_from_db()
    return row.status, row.captured_amount, row.reversed_amount, row.settled_at


def fate(command) -> tuple:
    command.refresh_from_db()
    return command.status, command.applied_amount, command.rejection_code, command.settled_at


APPLIED = ("applied", 250, None, DECIDED_AT)


class TestHold:
    def test_is_authorised_and_not_settled(self):
        row = hold(status="pending")

        consume(authorised(row))

        assert state(row) == ("authorised", 0, 0, None)

    @pytest.mark.parametrize("amount", [1, 250])
    def test_is_posted_with_what_was_captured(self, amount):
        row = hold()
        command = command_on(row)

        consume(captured(row, amount, by=command))

        assert state(row) == ("posted", amount, 0, DECIDED_AT)
        assert fate(command) == ("applied", amount, None, DECIDED_AT)

    def test_is_voided(self):
        row = hold()
        command = command_on(row, "void")

        consume(voided(row, by=command))

        assert state(row) == ("voided", 0, 0, DECIDED_AT)
        assert fate(command) == APPLIED

    def test_expires(self):
        row = hold()
        command = TransactionCommandFactory(transaction=row, expiry=True)

        consume(expired(row, by=command))

        assert state(row) == ("expired", 0, 0, DECIDED_AT)
        assert fate(command) == APPLIED

    @pytest.mark.parametrize(
        ("outcome", "status"), [(captured, "posted"), (voided, "voided"), (expired, "expired")]
    )
    def test_is_resolved_by_staff_too(self, outcome, status):
        row = hold()
        command = command_on(row)

        consume(outcome(row))

        assert state(row)[0] == status
        assert fate(command)[0] == "pending"

    def test_is_made_and_resolved_in_one_batch(self):
        row = hold(status="pending")
        command = command_on(row)

        consume(authorised(row), captured(row, 200, by=command), reversal(row, 50, 50, whole=200))

        assert state(row) == ("partially_reversed", 200, 50, DECIDED_AT)
        assert fate(command) == ("applied", 200, None, DECIDED_AT)


class TestReversal:
    def test_of_all_of_it(self):
        row = TransactionRequestFactory(posted=True)
        command = command_on(row, "reverse")

        consume(reversal(row, 250, 250, by=command))

        assert state(row) == ("reversed", 250, 250, NOON)
        assert fate(command) == APPLIED

    def test_goes_on_until_all_of_it_went_back(self):
        row = TransactionRequestFactory(posted=True)
        commands = [command_on(row, "reverse") for _ in range(3)]

        consume(reversal(row, 100, 100, by=commands[0]))
        assert state(row) == ("partially_reversed", 250, 100, NOON)
        consume(reversal(row, 50, 150, by=commands[1]))
        assert state(row) == ("partially_reversed", 250, 150, NOON)
        consume(reversal(row, 100, 250, by=commands[2]))

        assert state(row) == ("reversed", 250, 250, NOON)
        assert [fate(command)[1] for command in commands] == [100, 50, 100]

    def test_comes_in_parts_in_one_batch(self):
        row = TransactionRequestFactory(posted=True)

        consume(reversal(row, 100, 100), reversal(row, 50, 150), reversal(row, 100, 250))

        assert state(row) == ("reversed", 250, 250, NOON)

    def test_is_of_what_was_captured(self):
        row = hold(status="posted", captured_amount=200, settled_at=NOON)

        consume(reversal(row, 200, 200, whole=200))

        assert state(row) == ("reversed", 200, 200, NOON)


class TestRefused:
    @pytest.mark.parametrize("code", ["exceeds_hold", "hold_expired", "discarded_by_staff"])
    def test_command_leaves_its_request_as_it_is(self, code):
        row = hold()
        command = command_on(row)

        consume(refused(command, code))

        assert state(row) == ("authorised", 0, 0, None)
        assert fate(command) == ("rejected", None, code, DECIDED_AT)

    def test_command_of_staff_changes_nothing(self):
        row = hold()
        command = command_on(row)

        consume(refused(TransactionCommandFactory.build(transaction=row)))

        assert (state(row)[0], fate(command)[0]) == ("authorised", "pending")

    def test_command_that_is_lost_with_its_request_leaves_nothing(self):
        lost = TransactionRequestFactory.build(id=uuid7())

        consume(refused(TransactionCommandFactory.build(transaction=lost)))

        assert not UnclaimedOutcome.objects.exists()

    def test_command_stands_beside_one_that_was_applied(self):
        row = hold(status="pending")
        first, second = command_on(row), command_on(row)

        consume(authorised(row), captured(row, by=first), refused(second, "already_captured"))

        assert (fate(first)[0], fate(second)[:3]) == (
            "applied",
            ("rejected", None, "already_captured"),
        )

    def test_late_capture_follows_the_expiry(self):
        row = hold()
        expiry, late = TransactionCommandFactory(transaction=row, expiry=True), command_on(row)

        consume(expired(row, by=expiry), refused(late, "hold_expired", "expired"))

        assert state(row)[0] == "expired"
        assert (fate(expiry)[0], fate(late)[2]) == ("applied", "hold_expired")


class TestBatch:
    def test_is_settled_by_a_statement_for_requests_and_one_for_commands(
        self, django_assert_num_queries
    ):
        batch = WIRING.open_batch()
        for number in range(20):
            row = hold()
            command = command_on(row, "capture" if number % 2 else "void")
            outcome = captured(row, by=command) if number % 2 else voided(row, by=command)
            for event in (outcome, refused(command_on(row), "already_captured")):
                WIRING.handlers[event.TYPE](received(event, stream=row.user_id))(batch)

        with django_assert_num_queries(2):
            batch.write()

        assert TransactionCommand.objects.filter(status="applied").count() == 20
        assert TransactionCommand.objects.filter(status="rejected").count() == 20

    def test_takes_the_streams_in_any_order(self):
        """What is told of one stream is in order; what is told of several is in any."""
        for order in permutations(range(3)):
            rows = [hold(status="pending") for _ in range(3)]
            commands = [command_on(row) for row in rows]
            events = [
                (
                    authorised(row),
                    captured(row, 200, by=command),
                    reversal(row, 200, 200, whole=200),
                )
                for row, command in zip(rows, commands, strict=True)
            ]
            mixed = [events[stream][step] for step in range(3) for stream in order]

            consume(*mixed)

            assert {state(row)[:3] for row in rows} == {("reversed", 200, 200)}
            assert {fate(command)[:2] for command in commands} == {("applied", 200)}


class TestRepetition:
    """The ledger's database was restored, and it decided again what it had decided."""

    def told(self, row, commands):
        """A whole life, in the order in which it is told."""
        return [
            authorised(row),
            refused(commands[0]),
            captured(row, 200, by=commands[1]),
            reversal(row, 50, 50, by=commands[2], whole=200),
            reversal(row, 150, 200, by=commands[3], whole=200),
            refused(commands[4], "exceeds_original", "reversed"),
        ]

    def life(self):
        row = hold(status="pending")
        names = ["capture", "capture", "reverse", "reverse", "reverse"]
        return row, [command_on(row, name) for name in names]

    def test_of_a_whole_life_changes_nothing(self):
        row, commands = self.life()
        for event in self.told(row, commands):
            consume(event)
        before = [state(row), *map(fate, commands)]

        consume(*self.told(row, commands))
        for event in self.told(row, commands):
            consume(event)

        assert [state(row), *map(fate, commands)] == before

    @pytest.mark.parametrize("told", range(1, 7))
    def test_of_a_part_goes_on_where_it_was(self, told):
        row, commands = self.life()
        events = self.told(row, commands)
        consume(*events[:told])

        consume(*events)

        assert state(row)[:3] == ("reversed", 200, 200)
        assert [fate(command)[0] for command in commands] == [
            "rejected", "applied", "applied", "applied", "rejected",
        ]  # fmt: skip

    @pytest.mark.parametrize("outcome", [voided, expired])
    def test_of_a_hold_that_was_released_changes_nothing(self, outcome):
        row = hold()
        event = outcome(row)
        consume(event)

        consume(event, authorised(row))

        assert state(row)[0] == outcome.__name__

    def test_keeps_when_it_was_settled(self):
        row = hold()
        command = command_on(row)
        consume(captured(row, by=command))

        consume(captured(row, by=command, decided_at=LATER))

        assert (state(row)[3], fate(command)[3]) == (DECIDED_AT, DECIDED_AT)


class TestUnclaimed:
    @pytest.mark.parametrize(
        ("outcome", "status"),
        [
            (authorised, "authorised"),
            (captured, "posted"),
            (voided, "voided"),
            (expired, "expired"),
        ],
    )
    def test_outcome_is_kept(self, outcome, status):
        lost = TransactionRequestFactory.build(id=uuid7(), hold=True)

        consume(outcome(lost))

        kept = UnclaimedOutcome.objects.get()
        assert (kept.transaction_id, kept.status, kept.amount) == (lost.id, status, 250)

    def test_life_of_a_lost_hold_is_kept_once(self):
        lost = TransactionRequestFactory.build(id=uuid7(), hold=True)

        consume(authorised(lost), captured(lost), reversal(lost, 1, 1), stream=uuid7())

        assert UnclaimedOutcome.objects.get().status == "authorised"


class TestMisfit:
    @pytest.mark.parametrize(
        ("members", "outcome"),
        [
            # Not of this kind of request, or not yet.
            ({"status": "pending"}, captured),
            ({"status": "pending"}, voided),
            ({"status": "pending"}, expired),
            ({"status": "pending"}, posted),
            ({}, posted),
            ({"status": "pending"}, lambda row: reversal(row, 250, 250)),
            ({}, lambda row: reversal(row, 250, 250)),
            # Of other money.
            ({"status": "pending"}, lambda row: authorised(row, amount=249)),
            ({"status": "pending"}, lambda row: authorised(row, currency="USD")),
            ({}, lambda row: captured(row, 251)),
            ({}, lambda row: captured(row, currency="USD")),
            ({}, lambda row: voided(row, amount=249)),
            ({}, lambda row: expired(row, currency="USD")),
            # Against what is settled.
            ({"status": "voided"}, captured),
            ({"status": "voided"}, expired),
            ({"status": "voided"}, rejected),
            ({"status": "expired"}, voided),
            ({"status": "posted", "captured_amount": 250}, voided),
            ({"status": "posted", "captured_amount": 250}, lambda row: captured(row, 249)),
            ({"status": "posted", "captured_amount": 250}, posted),
            ({}, rejected),
        ],
    )
    def test_contradiction_of_a_hold_is_a_bug(self, members, outcome):
        row = hold(**members)
        before = state(row)

        with pytest.raises(OutcomeMisfit):
            consume(outcome(row))

        assert state(row) == before

    def test_automatic_request_is_never_held(self):
        row = TransactionRequestFactory()

        with pytest.raises(OutcomeMisfit):
            consume(authorised(row))

    @pytest.mark.parametrize(
        ("amount", "so_far", "members"),
        [
            (100, 100, {}),  # nothing before, and not 60
            (50, 100, {}),  # 50 before, and not 60
            (100, 60, {}),  # more than all together
            (191, 251, {}),  # over the original
            (190, 250, {"state": "partially_reversed"}),
            (90, 150, {"state": "reversed"}),
            (90, 150, {"currency": "USD"}),
        ],
    )
    def test_sum_that_is_not_right_is_a_bug(self, amount, so_far, members):
        row = TransactionRequestFactory(
            status="partially_reversed", captured_amount=250, reversed_amount=60
        )

        with pytest.raises(OutcomeMisfit):
            consume(reversal(row, amount, so_far, **members))

        assert state(row)[:3] == ("partially_reversed", 250, 60)

    @pytest.mark.parametrize("name", ["void", "reverse"])
    def test_outcome_of_another_kind_of_command_is_a_bug(self, name):
        row = hold()
        command = command_on(row, name)

        with pytest.raises(OutcomeMisfit):
            consume(captured(row, by=command))

        assert fate(command)[0] == "pending"

    def test_outcome_of_a_command_about_another_transaction_is_a_bug(self):
        row, other = hold(), hold()

        with pytest.raises(OutcomeMisfit):
            consume(captured(row, by=command_on(other)))

    def test_refusal_on_the_stream_of_another_user_is_a_bug(self, bob):
        command = command_on(hold())

        with pytest.raises(OutcomeMisfit):
            consume(refused(command), stream=bob.id)

        assert fate(command)[0] == "pending"

    @pytest.mark.parametrize(
        "outcome",
        [
            lambda command: refused(command, "already_captured"),
            lambda command: captured(command.transaction, by=command),
        ],
    )
    def test_contradiction_of_a_settled_command_is_a_bug(self, outcome):
        command = command_on(hold(), rejected=True)

        with pytest.raises(OutcomeMisfit):
            consume(outcome(command))

        assert fate(command)[2] == "exceeds_hold"

    def test_refusal_of_a_command_that_was_applied_is_a_bug(self):
        row = hold()
        command = command_on(row)
        consume(captured(row, by=command))

        with pytest.raises(OutcomeMisfit):
            consume(refused(command))

    def test_two_outcomes_of_a_command_in_one_batch_are_a_bug(self):
        row = hold()
        command = command_on(row)

        with pytest.raises(OutcomeMisfit):
            consume(captured(row, by=command), refused(command))

    def test_command_that_was_applied_before_changes_nothing_now(self):
        row = TransactionRequestFactory(posted=True)
        command = command_on(row, "reverse", applied=True, applied_amount=100)

        with pytest.raises(OutcomeMisfit):
            consume(reversal(row, 100, 100, by=command))

    def test_command_is_not_applied_to_what_was_changed_before(self):
        row = TransactionRequestFactory(
            status="partially_reversed", captured_amount=250, reversed_amount=100
        )

        with pytest.raises(OutcomeMisfit):
            consume(reversal(row, 100, 100, by=command_on(row, "reverse")))
