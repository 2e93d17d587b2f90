"""The primary record of what clients asked for; the ledger decides what becomes of it."""

from users.submissions.models.command_proposal import CommandProposal
from users.submissions.models.outcome_road import OutcomeRoad
from users.submissions.models.staff_outcome import StaffOutcome
from users.submissions.models.transaction_command import TransactionCommand
from users.submissions.models.transaction_request import TransactionRequest
from users.submissions.models.unclaimed_outcome import UnclaimedOutcome

__all__ = [
    "CommandProposal",
    "OutcomeRoad",
    "StaffOutcome",
    "TransactionCommand",
    "TransactionRequest",
    "UnclaimedOutcome",
]
