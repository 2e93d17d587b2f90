"""What the books are made of."""

from transactions.ledger.models.account import Account
from transactions.ledger.models.account_change import AccountChange
from transactions.ledger.models.journal_entry import JournalEntry
from transactions.ledger.models.journal_seal import JournalSeal
from transactions.ledger.models.ledger_check_result import LedgerCheckResult
from transactions.ledger.models.ledger_transaction import (
    DISCARDED,
    MOVED,
    ORIGINALS,
    LedgerTransaction,
)
from transactions.ledger.models.posting import Posting
from transactions.ledger.models.user_replica import UserReplica
from transactions.ledger.models.wallet_owner import WalletOwner

__all__ = [
    "DISCARDED",
    "MOVED",
    "ORIGINALS",
    "Account",
    "AccountChange",
    "JournalEntry",
    "JournalSeal",
    "LedgerCheckResult",
    "LedgerTransaction",
    "Posting",
    "UserReplica",
    "WalletOwner",
]
