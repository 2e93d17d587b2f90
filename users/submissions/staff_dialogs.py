"""What staff do to transactions from the console: void, reverse, and decide for each other."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings

from common.adminkit import TextInput
from common.ids import uuid7
from common.money import money_display, money_read
from common.staff.dialogs import Ask, Dialog, DialogForm
from users.submissions.models import CommandProposal, TransactionCommand, TransactionRequest
from users.submissions.order import CommandOrder
from users.submissions.proposals import (
    FourEyes,
    command_give,
    command_order,
    proposal_approve,
    proposal_refuse,
    proposal_withdraw,
)
from users.submissions.services import Caller

_REQUEST = TransactionRequest.Status
_OPEN = CommandProposal.Status.OPEN


def four_eyes() -> FourEyes:
    """The deployment's rule."""
    return FourEyes(
        above=settings.FOUR_EYES_ABOVE, lives=timedelta(hours=settings.FOUR_EYES_EXPIRE_H)
    )


class CommandForm(DialogForm):
    """Has an idempotency key: a form that is sent twice asks once."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)


class ReversalForm(CommandForm):
    """Asks how much is to be given back."""

    amount = forms.CharField(required=False, max_length=30, widget=TextInput())

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["amount"].label = f"Amount in {self._currency}"
        self.fields["amount"].help_text = "Empty: all that remains."

    @property
    def _currency(self) -> str:
        currency: str = self.rows[0].currency
        return currency

    def clean_amount(self) -> int | None:
        written = self.cleaned_data["amount"]
        if not written:
            return None
        try:
            return money_read(written, self._currency)
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid") from None


def _give(row: TransactionRequest, order: CommandOrder, ask: Ask) -> str:
    made = command_give(
        transaction_id=row.id,
        order=order,
        caller=Caller(
            user_id=UUID(ask.staff.id),
            idempotency_key=f"console-{ask.fields['key']}",
            request_id=ask.staff.request_id,
            traceparent=ask.staff.traceparent,
            staff=True,
        ),
        reason=ask.reason,
        four_eyes=four_eyes(),
    )
    if isinstance(made, CommandProposal):
        return f"Proposal {made.id} waits for the approval of a colleague."
    return f"The ledger is asked to {order.type} it; command {made.id}."


def _void(row: TransactionRequest, ask: Ask) -> str:
    order = command_order(type=TransactionCommand.Type.VOID, amount=None, reason=ask.reason)
    return _give(row, order, ask)


def _reverse(row: TransactionRequest, ask: Ask) -> str:
    order = command_order(
        type=TransactionCommand.Type.REVERSE, amount=ask.fields["amount"], reason=ask.reason
    )
    return _give(row, order, ask)


def _limit_told(row: TransactionRequest) -> str:
    limit = money_display(four_eyes().limit(row.currency), row.currency)
    return f"Above {limit} in all, a colleague has to approve it first."


def _standing(row: TransactionRequest) -> dict[str, Any]:
    """What a command or a proposal adds to; the ledger's answer comes later."""
    return {
        "status": row.status,
        "commands": [str(key) for key in row.commands.order_by("id").values_list("id", flat=True)],
        "open_proposals": [
            str(key) for key in row.proposals.filter(status=_OPEN).values_list("id", flat=True)
        ],
    }


def _proposed(row: CommandProposal) -> Sequence[str]:
    amount = (
        "all that remains"
        if row.amount is None
        else money_display(row.amount, row.transaction.currency)
    )
    of = f"of {money_display(row.transaction.amount, row.transaction.currency)}"
    return (
        f"{row.proposed_by} proposed to {row.type} {amount} {of}.",
        f"Transaction {row.transaction_id}.",
        f"Their reason: {row.reason}",
    )


def _approve(row: CommandProposal, ask: Ask) -> str:
    command = proposal_approve(
        proposal_id=row.id,
        by=UUID(ask.staff.id),
        reason=ask.reason,
        request_id=ask.staff.request_id,
        traceparent=ask.staff.traceparent,
    )
    return f"Approved; the ledger is asked, by command {command.id}."


def _refuse(row: CommandProposal, ask: Ask) -> str:
    proposal_refuse(proposal_id=row.id, by=UUID(ask.staff.id), reason=ask.reason)
    return "Refused; nothing happens to the transaction."


def _withdraw(row: CommandProposal, ask: Ask) -> str:
    proposal_withdraw(proposal_id=row.id, by=UUID(ask.staff.id), reason=ask.reason)
    return "Withdrawn; nothing happens to the transaction."


def _decision(row: CommandProposal) -> dict[str, Any]:
    return {
        "status": row.status,
        "transaction": str(row.transaction_id),
        "command": None if row.command_id is None else str(row.command_id),
    }


def _is_open(row: CommandProposal) -> bool:
    return row.status == _OPEN


VOID = Dialog[TransactionRequest](
    action="transaction.void",
    label="Void",
    permission="submissions.void_transaction",
    tells=lambda row: ("The whole hold is released to its owner.", _limit_told(row)),
    act=_void,
    state=_standing,
    fits=lambda row: row.status == _REQUEST.AUTHORISED,
    form=CommandForm,
    icon="cancel",
    dangerous=True,
)
REVERSE = Dialog[TransactionRequest](
    action="transaction.reverse",
    label="Reverse",
    permission="submissions.reverse_transaction",
    tells=lambda row: (
        "The money goes back where it came from, if whoever has it now has it available.",
        _limit_told(row),
    ),
    act=_reverse,
    state=_standing,
    fits=lambda row: row.status in (_REQUEST.POSTED, _REQUEST.PARTIALLY_REVERSED),
    form=ReversalForm,
    icon="undo",
    dangerous=True,
)
APPROVE = Dialog[CommandProposal](
    action="proposal.approve",
    label="Approve",
    permission="submissions.decide_proposal",
    tells=_proposed,
    act=_approve,
    state=_decision,
    fits=_is_open,
    icon="check",
    dangerous=True,
)
REFUSE = Dialog[CommandProposal](
    action="proposal.refuse",
    label="Refuse",
    permission="submissions.decide_proposal",
    tells=_proposed,
    act=_refuse,
    state=_decision,
    fits=_is_open,
    icon="close",
)
WITHDRAW = Dialog[CommandProposal](
    action="proposal.withdraw",
    label="Withdraw",
    permission="submissions.decide_proposal",
    tells=_proposed,
    act=_withdraw,
    state=_decision,
    fits=_is_open,
    icon="undo",
)
