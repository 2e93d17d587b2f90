"""Step 10 of the road: what the users service consumes, and what each event does."""

from common.events.contracts import (
    TransactionPostedV1,
    TransactionRejectedV1,
    UserCloseDecidedV1,
)
from common.events.topics import TRANSACTIONS_EVENTS
from common.inbox.wiring import Wiring
from users.batch import UsersBatch
from users.identity.discards import on_user_close_decided_discarded
from users.identity.handlers import on_user_close_decided
from users.submissions.discards import on_outcome_discarded
from users.submissions.handlers import on_transaction_posted, on_transaction_rejected

WIRING = Wiring(
    consumer="users",
    topic=TRANSACTIONS_EVENTS,
    handlers={
        TransactionPostedV1.TYPE: on_transaction_posted,
        TransactionRejectedV1.TYPE: on_transaction_rejected,
        UserCloseDecidedV1.TYPE: on_user_close_decided,
    },
    open_batch=UsersBatch,
    discards={
        "transaction_posted": on_outcome_discarded,
        "transaction_rejected": on_outcome_discarded,
        "user_close_decided": on_user_close_decided_discarded,
    },
)
