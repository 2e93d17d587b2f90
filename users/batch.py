"""Step 10 of the road: everything that one consumed batch changes here."""

from users.ledger_seals.keeping import SealBatch
from users.submissions.outcomes import OutcomeBatch


class ConsumedBatch(OutcomeBatch):
    """Outcomes of requests, and seals of the ledger's journal beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.seals = SealBatch()

    def write(self) -> None:
        """Make all of it true. Raises as `OutcomeBatch.write`."""
        super().write()
        self.seals.write()
