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
    when = "A consumer meets an event that the ledger has decided before."
    remedy = "Compare the stream's cursor with its transactions, as docs/restore.md says."


class HouseTotalsFull(ServiceError):
    """An account of the house cannot take the batch's sum; the batch is decided again exactly."""

    code = "house_totals_full"
    title = "An account of the house is full"
    when = "An account of the house cannot take the sum of a batch."
    remedy = "Nothing: the batch is decided again one by one."


class AccountUnknown(Refused):
    """There is no account of that id."""

    code = "account_unknown"
    status = 404
    title = "There is no such account"
    when = "Staff name an account that does not exist."
    remedy = "Check the id."


class AccountOfTheHouse(Refused):
    """Accounts of the house are always open: every deposit and withdrawal needs them."""

    code = "account_of_the_house"
    title = "An account of the house stays open"
    when = "Staff would freeze or close an account of the house."
    remedy = "Name a user's wallet."


class AccountStatusUnfit(Refused):
    """The account's status does not lead to the one that is asked for; the detail names it."""

    code = "invalid_state_transition"
    status = 409
    title = "The account's status does not allow this"
    when = "The account's status does not lead to the one that staff ask for."
    remedy = "Look at the account's status; most likely nothing is left to do."


class AccountNotEmpty(Refused):
    """Money in a closed wallet would belong to somebody who cannot have it; the detail says why."""

    code = "account_not_empty"
    status = 409
    title = "The account is not empty"
    when = "Staff would close a wallet with money in it, or with holds."
    remedy = "Let the owner pay the money out, and wait for the holds to end."


class SealingRefused(ServiceError):
    """The journal cannot be sealed as it stands; see docs/restore.md."""

    code = "sealing_refused"
    title = "The journal cannot be sealed"
    when = "The journal is not what its last seal says."
    remedy = "Run `verify_chain`, as docs/seals.md says."


class KeptSealsUnusable(ServiceError):
    """The file is not one that `export_kept_seals` of users wrote, or not a whole one."""

    code = "kept_seals_unusable"
    title = "The file of kept seals cannot be read"
    when = "The file of kept seals is not one that `export_kept_seals` wrote, or not a whole one."
    remedy = "Export it again."
