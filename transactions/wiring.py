"""Step 5 of the road: what the transactions service consumes, and what each event does."""

from common.events.contracts import (
    TransactionCaptureRequestedV1,
    TransactionCreatedV1,
    TransactionExpiryDueV1,
    TransactionReversalRequestedV1,
    TransactionVoidRequestedV1,
    UserActivatedV1,
    UserClosedV1,
    UserCloseRefusedV1,
    UserCloseRequestedV1,
    UserRegisteredV1,
    UserReinstatedV1,
    UserSuspendedV1,
)
from common.events.topics import USERS_EVENTS
from common.inbox.wiring import Wiring
from transactions.intake.announced import command_announced
from transactions.intake.batch import IntakeBatch
from transactions.intake.discards import (
    on_transaction_command_discarded,
    on_transaction_created_discarded,
    on_user_close_requested_discarded,
)
from transactions.intake.handlers import (
    on_transaction_capture_requested,
    on_transaction_created,
    on_transaction_expiry_due,
    on_transaction_reversal_requested,
    on_transaction_void_requested,
    on_user_close_requested,
    on_user_status,
)

WIRING = Wiring(
    consumer="transactions",
    topic=USERS_EVENTS,
    handlers={
        TransactionCreatedV1.TYPE: on_transaction_created,
        TransactionCaptureRequestedV1.TYPE: on_transaction_capture_requested,
        TransactionVoidRequestedV1.TYPE: on_transaction_void_requested,
        TransactionReversalRequestedV1.TYPE: on_transaction_reversal_requested,
        TransactionExpiryDueV1.TYPE: on_transaction_expiry_due,
        UserRegisteredV1.TYPE: on_user_status,
        UserActivatedV1.TYPE: on_user_status,
        UserSuspendedV1.TYPE: on_user_status,
        UserReinstatedV1.TYPE: on_user_status,
        UserCloseRefusedV1.TYPE: on_user_status,
        UserCloseRequestedV1.TYPE: on_user_close_requested,
        UserClosedV1.TYPE: on_user_status,
    },
    open_batch=IntakeBatch,
    discards={
        "transaction_created": on_transaction_created_discarded,
        "transaction_capture_requested": on_transaction_command_discarded,
        "transaction_void_requested": on_transaction_command_discarded,
        "transaction_reversal_requested": on_transaction_command_discarded,
        "transaction_expiry_due": on_transaction_command_discarded,
        "user_close_requested": on_user_close_requested_discarded,
    },
    announced={
        "transaction_capture_requested": command_announced,
        "transaction_void_requested": command_announced,
        "transaction_reversal_requested": command_announced,
        "transaction_expiry_due": command_announced,
    },
)
