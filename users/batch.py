"""Step 10 of the road: everything that one consumed batch changes here."""

from users.identity.lifecycle import CloseDecision, user_closings_decide
from users.ledger_seals.keeping import SealBatch
from users.submissions.outcomes import OutcomeBatch


class UsersBatch(OutcomeBatch):
    """
    Outcomes of requests.

    Beside them, the ledger's answers to users who asked to be closed, and seals of its journal.
    """

    def __init__(self) -> None:
        super().__init__()
        self.close_decisions: list[CloseDecision] = []
        self.seals = SealBatch()

    def write(self) -> None:
        """Make all of it true, or nothing. Raises as `OutcomeBatch.write`."""
        super().write()
        user_closings_decide(decisions=self.close_decisions)
        self.seals.write()
