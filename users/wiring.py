"""Step 10 of the road: what the users service consumes, and what each event does."""

from common.events.contracts import (
    JournalSealedV1,
    TransactionAuthorisedV1,
    TransactionCommandRejectedV1,
    TransactionExpiredV1,
    TransactionPostedV1,
    TransactionRejectedV1,
    TransactionReversedV1,
    TransactionVoidedV1,
    UserCloseDecidedV1,
)
from common.events.topics import TRANSACTIONS_EVENTS
from common.inbox.wiring import Wiring
from users.batch import UsersBatch
from users.identity.discards import on_user_close_decided_discarded
from users.identity.handlers import on_user_close_decided
from users.ledger_seals.handlers import on_journal_sealed
from users.submissions import handlers
from users.submissions.discards import on_outcome_discarded

WIRING = Wiring(
    consumer="users",
    topic=TRANSACTIONS_EVENTS,
    handlers={
        TransactionAuthorisedV1.TYPE: handlers.on_transaction_authorised,
        TransactionPostedV1.TYPE: handlers.on_transaction_posted,
        TransactionRejectedV1.TYPE: handlers.on_transaction_rejected,
        TransactionVoidedV1.TYPE: handlers.on_transaction_voided,
        TransactionExpiredV1.TYPE: handlers.on_transaction_expired,
        TransactionReversedV1.TYPE: handlers.on_transaction_reversed,
        TransactionCommandRejectedV1.TYPE: handlers.on_transaction_command_rejected,
        UserCloseDecidedV1.TYPE: on_user_close_decided,
        JournalSealedV1.TYPE: on_journal_sealed,
    },
    open_batch=UsersBatch,
    discards={
        "transaction_authorised": on_outcome_discarded,
        "transaction_posted": on_outcome_discarded,
        "transaction_rejected": on_outcome_discarded,
        "transaction_voided": on_outcome_discarded,
        "transaction_expired": on_outcome_discarded,
        "transaction_reversed": on_outcome_discarded,
        "transaction_command_rejected": on_outcome_discarded,
        "user_close_decided": on_user_close_decided_discarded,
    },
)
