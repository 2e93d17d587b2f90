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
