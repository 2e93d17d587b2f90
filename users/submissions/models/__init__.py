"""The primary record of what clients asked for; the ledger decides what becomes of it."""

from users.submissions.models.command_proposal import CommandProposal
from users.submissions.models.transaction_command import TransactionCommand
from users.submissions.models.transaction_request import TransactionRequest
from users.submissions.models.unclaimed_outcome import UnclaimedOutcome

__all__ = ["CommandProposal", "TransactionCommand", "TransactionRequest", "UnclaimedOutcome"]
