"""What can go wrong in the ledger beyond a business refusal, which is an outcome."""

from common.errors import Refused, ServiceError


class TransactionAlreadyRecorded(ServiceError):
    """
    The ledger has a decision for this id already.

    The stream's cursor should have recognised the event, so this is the second fence: whoever
    meets it must not go on.
    """

    code = "transaction_already_recorded"
    title = "The transaction is recorded already"


class HouseTotalsFull(ServiceError):
    """An account of the house cannot take the batch's sum; the batch is decided again exactly."""

    code = "house_totals_full"
    title = "An account of the house is full"


class AccountUnknown(Refused):
    """There is no account of that id."""

    code = "account_unknown"
    status = 404
    title = "There is no such account"


class AccountOfTheHouse(Refused):
    """Accounts of the house are always open: every deposit and withdrawal needs them."""

    code = "account_of_the_house"
    title = "An account of the house stays open"


class AccountStatusUnfit(Refused):
    """The account's status does not lead to the one that is asked for; the detail names it."""

    code = "invalid_state_transition"
    status = 409
    title = "The account's status does not allow this"


class SealingRefused(ServiceError):
    """The journal cannot be sealed as it stands; see docs/restore.md."""

    code = "sealing_refused"
    title = "The journal cannot be sealed"


class KeptSealsUnusable(ServiceError):
    """The file is not one that `export_kept_seals` of users wrote, or not a whole one."""

    code = "kept_seals_unusable"
    title = "The file of kept seals cannot be read"
