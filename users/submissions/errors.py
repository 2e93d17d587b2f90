"""What can be refused about a transaction request."""

from common.errors import Refused, Unavailable


class IdempotencyKeyRequired(Refused):
    """A POST, or an item of a batch, could not be retried safely without a key."""

    code = "idempotency_key_required"
    status = 400
    title = "An idempotency key is required"
    when = "A POST that has effects, or an item of a batch, came without a key."
    remedy = "Send a new key with each new request, and the same key with each repetition."


class IdempotencyKeyInvalid(Refused):
    """The key is not 1 to 255 printable ASCII characters."""

    code = "idempotency_key_invalid"
    status = 400
    title = "An idempotency key is 1 to 255 printable ASCII characters"
    when = "The key is empty, too long or not printable ASCII."
    remedy = "Send a UUID, for example."


class IdempotencyKeyReused(Refused):
    """The key belongs to a request with another body; `field` is the first that differs."""

    code = "idempotency_key_reused"
    status = 422
    title = "This idempotency key was used for another request"
    when = "The key belongs to a request with another body; `errors` names the first difference."
    remedy = "Send the first body to repeat that request, or a new key for a new one."


class CommandGivenAlready(Refused):
    """A form of the console was sent twice."""

    code = "command_given_already"
    status = 409
    title = "This was asked for already"
    when = "Staff send a form of the console a second time."
    remedy = "Nothing: look at the commands of the transaction."


class ProposalUnknown(Refused):
    """There is no proposal of that id."""

    code = "proposal_unknown"
    status = 404
    title = "There is no such proposal"
    when = "Staff decide on a proposal that does not exist."
    remedy = "Check the id."


class ProposalWaits(Refused):
    """Two open proposals about one transaction could both be approved."""

    code = "proposal_waits"
    status = 409
    title = "A proposal about this transaction waits for a decision"
    when = "Staff propose a second void or reversal of a transaction before the first is decided."
    remedy = "Decide on the one that waits, or withdraw it."


class ProposalDecided(Refused):
    """It was approved, refused or withdrawn before, or nobody decided in time."""

    code = "proposal_decided"
    status = 409
    title = "The proposal is not open any more"
    when = "Staff decide on a proposal that was decided, withdrawn or has expired."
    remedy = "Look at what became of it; propose it anew if it is still wanted."


class ProposalOfYourOwn(Refused):
    """Four eyes are two people: whoever proposes does not decide, and withdraws only their own."""

    code = "proposal_of_your_own"
    status = 403
    title = "Somebody else decides on your proposal"
    when = "Somebody of staff approves or refuses what they proposed themselves."
    remedy = "Ask a colleague, or withdraw it."


class ReferenceExists(Refused):
    """The caller has a transaction with this reference; `transaction_id` tells which."""

    code = "reference_exists"
    status = 409
    title = "You have a transaction with this reference"
    when = "The caller has another transaction with this `reference`; `transaction_id` names it."
    remedy = "Look at that transaction; use another reference for a new one."


class CounterpartyUnavailable(Refused):
    """Unknown, closing, closed or oneself: one answer for all, so that it tells nothing."""

    code = "counterparty_unavailable"
    title = "This counterparty cannot take part in a transaction"
    when = "The counterparty is unknown, closing, closed or the caller: one answer for all of them."
    remedy = "Check the id with whoever gave it."


class TreasuryOnly(Refused):
    """Deposits bring money in from outside; only the treasury may."""

    code = "permission_denied"
    status = 403
    title = "Only the treasury may make deposits"
    when = "Somebody without the role `treasury` asks for a deposit."
    remedy = "Ask with an account that has the role."


class RequestTooLarge(Refused):
    """The texts are legal one by one, but too long to be announced together."""

    code = "metadata_too_large"
    status = 400
    title = "Metadata and description are too long together"
    when = "Description and metadata are legal one by one, but too long together."
    remedy = "Shorten them."


class WaitingPlacesTaken(Unavailable):
    """As many clients watch or wait in this process as it has places for."""

    code = "waiting_places_taken"
    title = "Too many clients are waiting at the moment"
    when = "All places for event streams are taken: streams never keep requests from being taken."
    remedy = "Open the stream again after Retry-After, or read the transaction now and then."
    retry_after_s = 2


class OutcomeMisfit(Exception):
    """A bug: the outcome contradicts the request or an outcome that was settled before."""
