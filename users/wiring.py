"""Step 10 of the road: what the users service consumes, and what each event does."""

from common.events.contracts import (
    JournalSealedV1,
    TransactionPostedV1,
    TransactionRejectedV1,
)
from common.events.topics import TRANSACTIONS_EVENTS
from common.inbox.wiring import Wiring
from users.batch import ConsumedBatch
from users.ledger_seals.handlers import on_journal_sealed
from users.submissions.discards import on_outcome_discarded
from users.submissions.handlers import on_transaction_posted, on_transaction_rejected

WIRING = Wiring(
    consumer="users",
    topic=TRANSACTIONS_EVENTS,
    handlers={
        TransactionPostedV1.TYPE: on_transaction_posted,
        TransactionRejectedV1.TYPE: on_transaction_rejected,
        JournalSealedV1.TYPE: on_journal_sealed,
    },
    open_batch=ConsumedBatch,
    discards={
        "transaction_posted": on_outcome_discarded,
        "transaction_rejected": on_outcome_discarded,
    },
)
