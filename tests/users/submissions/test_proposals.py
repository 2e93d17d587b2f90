"""Commands of staff, and four eyes for the large ones: by one, approved by another, once."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.events.codec import event_decode
from common.ids import uuid7
from common.outbox.models import OutboxMessage
from common.staff.models import StaffAction
from common.staff.roles import Role
from tests.factories.users import (
    TransactionCommandFactory,
    TransactionRequestFactory,
    UserFactory,
)
from tests.users.racing import race
from users.submissions.errors import ProposalDecided, ProposalOfYourOwn
from users.submissions.models import CommandProposal, TransactionCommand
from users.submissions.proposals import (
    proposal_approve,
    proposal_refuse,
    proposal_withdraw,
    proposals_expire,
)

pytestmark = pytest.mark.django_db

REASON = "They paid twice."


@pytest.fixture(autouse=True)
def limit(settings):
    settings.FOUR_EYES_ABOVE = {"EUR": 1_000, "*": 0}


def controller(**members):
    user = UserFactory(is_staff=True, **members)
    user.groups.add(Group.objects.get(name=Role.CONTROLLER))
    return user


def console_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(user, row, name, **members):
    label = f"{row._meta.app_label}_{row._meta.model_name}"
    page = reverse(f"admin:{label}_{name}", args=[row.pk])
    return console_of(user).post(
        page, {"confirm": "yes", "reason": REASON, "key": uuid7(), **members}
    )


def told(answer) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def posted(amount=5_000, **members):
    return TransactionRequestFactory(transfer=True, posted=True, amount=amount, **members)


def proposed(by=None, **members):
    row = posted()
    return CommandProposal.objects.create(
        **{
            "transaction": row,
            "type": "reverse",
            "reason": REASON,
            "proposed_by": by or controller(),
            "expires_at": timezone.now() + timedelta(hours=1),
            **members,
        }
    )


def approve(proposal, by):
    with transaction.atomic():
        return proposal_approve(
            proposal_id=proposal.id, by=by.id, reason=REASON, request_id="r", traceparent=None
        )


class TestSmallReversal:
    def test_is_ordered_at_once_in_the_name_of_staff(self):
        staff, row = controller(), posted()

        answer = send(staff, row, "reverse", amount="10.00")

        command = TransactionCommand.objects.get()
        assert answer.status_code == 302
        assert str(command.id) in told(answer)
        assert (command.type, command.amount, command.reason) == ("reverse", 1_000, REASON)
        assert command.requested_by_id == staff.id
        message = OutboxMessage.objects.get()
        assert (message.stream, message.actor) == (row.user_id, f"staff:{staff.id}")
        event = event_decode(message.type, bytes(message.data))
        assert (event.command_id, event.amount) == (command.id, 1_000)
        assert not CommandProposal.objects.exists()

    def test_leaves_a_record_of_what_it_added(self):
        row = posted()

        send(controller(), row, "reverse", amount="1")

        record = StaffAction.objects.get()
        command = TransactionCommand.objects.get()
        assert (record.action, record.target_id) == ("transaction.reverse", str(row.id))
        assert (record.before["commands"], record.after["commands"]) == ([], [str(command.id)])

    def test_sent_twice_is_ordered_once(self):
        staff, row, key = controller(), posted(), uuid7()

        send(staff, row, "reverse", amount="1", key=key)
        again = send(staff, row, "reverse", amount="1", key=key)

        assert "asked for already" in again.content.decode()
        assert TransactionCommand.objects.count() == 1
        assert StaffAction.objects.count() == 1

    def test_sent_twice_is_not_a_large_one(self):
        staff, row, key = controller(), posted(), uuid7()

        send(staff, row, "reverse", amount="6", key=key)
        again = send(staff, row, "reverse", amount="6", key=key)

        assert "asked for already" in again.content.decode()
        assert TransactionCommand.objects.count() == 1
        assert not CommandProposal.objects.exists()
        assert StaffAction.objects.count() == 1

    @pytest.mark.parametrize(
        "written", ["0", "-1", "1.234", "1,5", "1e3", "NaN", "10 EUR", "9" * 17, "\u0661", "0x1"]
    )
    def test_needs_an_amount_of_the_currency(self, written):
        answer = send(controller(), posted(), "reverse", amount=written)

        assert answer.status_code == 200
        assert answer.context["form"].errors["amount"]
        assert not TransactionCommand.objects.exists()


class TestLargeReversal:
    @pytest.mark.parametrize("amount", ["10.01", "50.00", ""])
    def test_is_proposed_and_nothing_ordered(self, amount):
        staff, row = controller(), posted()

        answer = send(staff, row, "reverse", amount=amount)

        proposal = CommandProposal.objects.get()
        assert "waits for the approval" in told(answer)
        assert (proposal.type, proposal.reason, proposal.status) == ("reverse", REASON, "open")
        assert proposal.proposed_by_id == staff.id
        assert not TransactionCommand.objects.exists()
        assert not OutboxMessage.objects.exists()
        record = StaffAction.objects.get()
        assert record.after["open_proposals"] == [str(proposal.id)]

    def test_in_small_parts_is_large_all_the_same(self):
        staff, row = controller(), posted()
        send(staff, row, "reverse", amount="9.99")
        TransactionCommandFactory(transaction=row, type="reverse", amount=3_000, rejected=True)

        send(staff, row, "reverse", amount="0.01")
        third = send(staff, row, "reverse", amount="0.01")

        assert TransactionCommand.objects.exclude(status="rejected").count() == 2
        assert "waits for the approval" in told(third)

    def test_in_another_currency_has_the_limit_of_the_others(self):
        send(controller(), posted(currency="JPY"), "reverse", amount="1")

        assert CommandProposal.objects.exists()

    def test_is_proposed_once_at_a_time(self):
        row = posted()
        send(controller(), row, "reverse")

        again = send(controller(), row, "reverse")

        assert "waits for a decision" in again.content.decode()
        assert CommandProposal.objects.count() == 1
        assert StaffAction.objects.count() == 1

    def test_can_be_proposed_again_when_nobody_decided_in_time(self):
        late = proposed(expires_at=timezone.now() - timedelta(seconds=1))

        send(controller(), late.transaction, "reverse")

        late.refresh_from_db()
        assert late.status == "expired"
        assert late.transaction.proposals.filter(status="open").count() == 1


class TestVoid:
    def test_of_a_large_hold_is_proposed_and_of_a_small_one_ordered(self):
        large = TransactionRequestFactory(hold=True, status="authorised", amount=1_001)
        small = TransactionRequestFactory(hold=True, status="authorised", amount=1_000)

        for row in (large, small):
            assert send(controller(), row, "void").status_code == 302

        assert CommandProposal.objects.get().transaction_id == large.id
        command = TransactionCommand.objects.exclude(type="expiry").get()
        assert (command.transaction_id, command.type, command.reason) == (small.id, "void", None)


class TestApproval:
    def test_orders_what_was_proposed_in_the_name_of_who_proposed_it(self):
        proposal, other = proposed(amount=2_000), controller()

        answer = send(other, proposal, "approve")

        proposal.refresh_from_db()
        command = TransactionCommand.objects.get()
        assert str(command.id) in told(answer)
        assert (proposal.status, proposal.command_id) == ("approved", command.id)
        assert (proposal.decided_by_id, proposal.decision_reason) == (other.id, REASON)
        assert (command.amount, command.requested_by_id) == (2_000, proposal.proposed_by_id)
        record = StaffAction.objects.get()
        assert (record.action, record.actor_id) == ("proposal.approve", str(other.id))
        assert record.after == {
            "status": "approved",
            "transaction": str(proposal.transaction_id),
            "command": str(command.id),
        }

    @pytest.mark.parametrize("members", [{}, {"is_superuser": True}])
    @pytest.mark.parametrize("name", ["approve", "refuse"])
    def test_is_not_for_who_proposed_it_whoever_they_are(self, members, name):
        boss = controller(**members)
        proposal = proposed(by=boss)

        answer = send(boss, proposal, name)

        proposal.refresh_from_db()
        assert "Somebody else decides" in answer.content.decode()
        assert proposal.status == "open"
        assert not TransactionCommand.objects.exists()
        assert not StaffAction.objects.exists()

    def test_is_refused_by_the_database_itself_for_who_proposed_it(self):
        proposal = proposed()
        command = TransactionCommandFactory(transaction=proposal.transaction, type="reverse")

        with pytest.raises(IntegrityError, match="decided_by_another"), transaction.atomic():
            CommandProposal.objects.filter(id=proposal.id).update(
                status="approved",
                decided_by=proposal.proposed_by,
                decided_at=timezone.now(),
                command=command,
            )

    @pytest.mark.parametrize("role", [Role.SUPPORT, Role.OPERATOR, Role.AUDITOR])
    def test_is_not_for_other_roles(self, role):
        proposal = proposed()
        other = UserFactory(is_staff=True)
        other.groups.add(Group.objects.get(name=role))

        assert send(other, proposal, "approve").status_code == 403
        assert not TransactionCommand.objects.exists()

    def test_comes_too_late_when_it_has_expired(self):
        proposal = proposed(expires_at=timezone.now() - timedelta(seconds=1))

        answer = send(controller(), proposal, "approve")

        assert "has expired" in answer.content.decode()
        assert not TransactionCommand.objects.exists()

    def test_does_nothing_for_a_colleague_who_is_not_there_any_more(self):
        proposal = proposed(by=controller(status="suspended"))

        answer = send(controller(), proposal, "approve")

        proposal.refresh_from_db()
        assert answer.status_code == 200
        assert proposal.status == "open"
        assert not TransactionCommand.objects.exists()
        assert not StaffAction.objects.exists()

    def test_is_offered_to_others_only(self):
        proposal = proposed()
        page = reverse("admin:submissions_commandproposal_change", args=[proposal.pk])
        path = page.replace("/change/", "/approve/")

        assert path in console_of(controller()).get(page).content.decode()
        own = console_of(proposal.proposed_by).get(page).content.decode()
        assert path not in own
        assert page.replace("/change/", "/withdraw/") in own


class TestBadge:
    def badge(self, user) -> str:
        sidebar = console_of(user).get("/admin/").content.decode().partition("Proposals")[2]
        found = re.search(r"h-\[18px\][^>]*>\s*([^<]*?)\s*<", sidebar.partition("Unclaimed")[0])
        return found[1] if found else ""

    def test_says_what_waits_for_whoever_may_decide(self):
        carol, dave = controller(), controller()
        auditor = UserFactory(is_staff=True)
        auditor.groups.add(Group.objects.get(name=Role.AUDITOR))
        proposed(by=carol)
        proposed(by=carol)
        proposed(by=dave)
        proposed(by=carol, expires_at=timezone.now() - timedelta(seconds=1))

        assert [self.badge(one) for one in (carol, dave, auditor)] == ["1", "2", ""]


class TestDecision:
    def test_is_taken_once(self):
        proposal = proposed()
        with transaction.atomic():
            proposal_refuse(proposal_id=proposal.id, by=controller().id, reason=REASON)

        with pytest.raises(ProposalDecided):
            approve(proposal, controller())

        for members in ({"status": "open"}, {"decision_reason": "x"}, {"amount": 1}):
            with pytest.raises(DatabaseError), transaction.atomic():
                CommandProposal.objects.filter(id=proposal.id).update(**members)

    def test_to_withdraw_is_of_who_proposed_it(self):
        proposal = proposed()
        with pytest.raises(ProposalOfYourOwn), transaction.atomic():
            proposal_withdraw(proposal_id=proposal.id, by=controller().id, reason=REASON)

        send(proposal.proposed_by, proposal, "withdraw")

        proposal.refresh_from_db()
        assert proposal.status == "withdrawn"

    def test_is_taken_by_time_at_last(self):
        late = proposed(expires_at=timezone.now() - timedelta(seconds=1))
        waiting = proposed()

        assert proposals_expire() == 1

        late.refresh_from_db()
        waiting.refresh_from_db()
        assert (late.status, waiting.status) == ("expired", "open")


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    def test_a_proposal_is_approved_once(self):
        proposal = proposed()

        def attempt(by):
            try:
                approve(proposal, by)
            except ProposalDecided:
                return False
            return True

        people = [controller() for _ in range(4)]
        results = race([lambda person=person: attempt(person) for person in people])

        assert sorted(results) == [False, False, False, True]
        assert TransactionCommand.objects.count() == 1

    def test_who_proposed_it_does_not_slip_through(self):
        boss = controller(is_superuser=True)
        proposal = proposed(by=boss)

        def attempt():
            with pytest.raises(ProposalOfYourOwn):
                approve(proposal, boss)
            return True

        assert all(race([attempt] * 4))
        assert not TransactionCommand.objects.exists()

    def test_small_parts_see_each_other(self):
        row, people = posted(), [controller() for _ in range(4)]

        race([lambda one=one: send(one, row, "reverse", amount="6.00") for one in people])

        assert TransactionCommand.objects.count() == 1
        assert CommandProposal.objects.count() == 1

    def test_a_small_part_sees_what_is_being_approved(self):
        proposal = proposed(amount=2_000)
        approver, other = controller(), controller()

        with ThreadPoolExecutor(max_workers=1) as meanwhile:
            with transaction.atomic():
                approve(proposal, approver)
                small = meanwhile.submit(
                    elsewhere, send, other, proposal.transaction, "reverse", amount="6.00"
                )
                wait_until_somebody_waits()
            small.result()

        assert TransactionCommand.objects.count() == 1
        assert CommandProposal.objects.filter(status="open", amount=600).exists()


def elsewhere(action, *arguments, **members):
    """Do it on a connection of its own."""
    try:
        return action(*arguments, **members)
    finally:
        connections.close_all()


def wait_until_somebody_waits():
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    pytest.fail("nobody waits")


class TestRow:
    def test_is_kept(self):
        proposal = proposed()

        for change in (proposal.delete, CommandProposal.objects.all().delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()

        assert CommandProposal.objects.filter(id=proposal.id).exists()

    @pytest.mark.parametrize(
        "statement", ["DELETE FROM command_proposal", "TRUNCATE command_proposal"]
    )
    def test_is_kept_from_the_role_of_the_service(self, application, statement):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement)
