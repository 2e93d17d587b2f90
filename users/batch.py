"""Step 10 of the road: what one database transaction of the users service does."""

from users.identity.lifecycle import CloseDecision, user_closings_decide
from users.submissions.outcomes import OutcomeBatch


class UsersBatch(OutcomeBatch):
    """The outcomes of requests, and the ledger's answers to users who asked to be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.close_decisions: list[CloseDecision] = []

    def write(self) -> None:
        """Settle every request and close or keep every user, or none of them."""
        super().write()
        user_closings_decide(decisions=self.close_decisions)
