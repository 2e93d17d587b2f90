"""
Commands of staff: carried out at once, or proposed by one and approved by another (four eyes).

All of it in the caller's transaction, which keeps who of staff it was and why.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import Coalesce, Now

from common.api.errors import NotFound
from common.db.clock import database_clock
from common.db.refusing import refusing
from users.submissions.commands import command_submit_by_staff
from users.submissions.errors import (
    CommandGivenAlready,
    ProposalDecided,
    ProposalOfYourOwn,
    ProposalUnknown,
    ProposalWaits,
)
from users.submissions.models import CommandProposal, TransactionCommand, TransactionRequest
from users.submissions.order import CommandOrder
from users.submissions.selectors import command_by_key
from users.submissions.services import Caller

_STATUS = CommandProposal.Status


class FourEyes(NamedTuple):
    """
    When a command needs another person, and how long it waits for one.

    `above` has minor units by currency, and for the currencies that it does not name under `*`
    (without that, any amount needs one).
    """

    above: Mapping[str, int]
    lives: timedelta

    def limit(self, currency: str) -> int:
        """Minor units that staff may void or reverse without somebody else."""
        return self.above.get(currency, self.above.get("*", 0))


def command_give(
    *, transaction_id: UUID, order: CommandOrder, caller: Caller, reason: str, four_eyes: FourEyes
) -> TransactionCommand | CommandProposal:
    """
    Carry out what staff ask for, or where it needs four eyes propose it; what was made of it.

    What was reversed before, and what is on its way, counts: parts of a large amount are large.

    Raises as `command_submit_by_staff`, and `ProposalWaits`.
    """
    request = TransactionRequest.objects.filter(id=transaction_id).first()
    if request is None:
        raise NotFound
    _one_at_a_time(transaction_id)
    # A form that is sent again must not count what it asked for itself.
    if command_by_key(
        transaction_id=transaction_id, requested_by=caller.user_id, key=caller.idempotency_key
    ):
        raise CommandGivenAlready
    if _amount_in_all(request, order) <= four_eyes.limit(request.currency):
        return command_submit_by_staff(transaction_id=transaction_id, order=order, caller=caller)
    return _propose(request, order, caller, reason=reason, lives=four_eyes.lives)


def proposal_approve(
    *, proposal_id: UUID, by: UUID, reason: str, request_id: str, traceparent: str | None
) -> TransactionCommand:
    """
    Carry out what a colleague proposed, as theirs.

    Raises as `command_submit_by_staff`; `ProposalUnknown`, `ProposalDecided`, and
    `ProposalOfYourOwn` for whoever proposed it.
    """
    proposal = _open_held(proposal_id)
    if proposal.proposed_by_id == by:
        raise ProposalOfYourOwn
    command = command_submit_by_staff(
        transaction_id=proposal.transaction_id,
        order=command_order(type=proposal.type, amount=proposal.amount, reason=proposal.reason),
        caller=Caller(
            user_id=proposal.proposed_by_id,
            idempotency_key=f"proposal-{proposal.id}",
            request_id=request_id,
            traceparent=traceparent,
            staff=True,
        ),
    )
    _decide(proposal, _STATUS.APPROVED, by=by, reason=reason, command_id=command.id)
    return command


def proposal_refuse(*, proposal_id: UUID, by: UUID, reason: str) -> None:
    """Give up what a colleague proposed; raises as `proposal_approve`."""
    proposal = _open_held(proposal_id)
    if proposal.proposed_by_id == by:
        raise ProposalOfYourOwn
    _decide(proposal, _STATUS.REFUSED, by=by, reason=reason)


def proposal_withdraw(*, proposal_id: UUID, by: UUID, reason: str) -> None:
    """Give up what one proposed oneself; raises as `proposal_approve`, for whoever did not."""
    proposal = _open_held(proposal_id)
    if proposal.proposed_by_id != by:
        raise ProposalOfYourOwn("Only who proposed it withdraws it; you may refuse it.")
    _decide(proposal, _STATUS.WITHDRAWN, by=by, reason=reason)


def proposals_expire() -> int:
    """End what nobody decided on in time; how many there were."""
    overdue = CommandProposal.objects.filter(status=_STATUS.OPEN, expires_at__lte=Now())
    return overdue.update(status=_STATUS.EXPIRED, decided_at=Now())


def command_order(*, type: str, amount: int | None, reason: str) -> CommandOrder:  # noqa: A002  the field's name
    """What staff order; only a reversal tells its reason to the ledger."""
    told = type == TransactionCommand.Type.REVERSE
    return CommandOrder(type=type, amount=amount, reason=reason if told else None)


def _one_at_a_time(transaction_id: UUID) -> None:
    # Two reversals at the same moment must see each other, be they small or approved by somebody:
    # their sum would be nobody's.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(transaction_id)]
        )


def _amount_in_all(request: TransactionRequest, order: CommandOrder) -> int:
    if order.amount is None:
        return request.amount
    given = request.commands.filter(type=order.type).exclude(
        status=TransactionCommand.Status.REJECTED
    )
    before = given.aggregate(
        total=Sum(Coalesce(F("applied_amount"), F("amount"), F("transaction__amount")))
    )["total"]
    return int(before or 0) + order.amount


def _propose(
    request: TransactionRequest,
    order: CommandOrder,
    caller: Caller,
    *,
    reason: str,
    lives: timedelta,
) -> CommandProposal:
    # What is overdue, and not swept yet, is in nobody's way.
    proposals_expire()
    with refusing({"command_proposal_one_open": ProposalWaits}):
        proposal: CommandProposal = CommandProposal.objects.create(
            transaction=request,
            type=order.type,
            amount=order.amount,
            reason=reason,
            proposed_by_id=caller.user_id,
            expires_at=database_clock() + lives,
        )
    return proposal


def _open_held(proposal_id: UUID) -> CommandProposal:
    """Lock a proposal on which somebody may decide, after the lock of its transaction."""
    proposals = CommandProposal.objects.filter(id=proposal_id)
    transaction_id = proposals.values_list("transaction_id", flat=True).first()
    if transaction_id is None:
        raise ProposalUnknown
    _one_at_a_time(transaction_id)
    proposal = proposals.select_for_update(no_key=True).get()
    if proposal.status != _STATUS.OPEN:
        raise ProposalDecided(f"The proposal is {proposal.status} already.")
    if proposal.expires_at <= database_clock():
        raise ProposalDecided("The proposal has expired.")
    return proposal


def _decide(
    proposal: CommandProposal,
    status: CommandProposal.Status,
    *,
    by: UUID,
    reason: str,
    command_id: UUID | None = None,
) -> None:
    proposal.status = status
    proposal.decided_by_id = by
    proposal.decided_at = database_clock()
    proposal.decision_reason = reason
    proposal.command_id = command_id
    proposal.save(
        update_fields=["status", "decided_by", "decided_at", "decision_reason", "command"]
    )
