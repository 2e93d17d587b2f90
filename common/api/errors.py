"""Refusals that any route may answer with."""

from common.errors import Refused


class InvalidRequest(Refused):
    """Something in the request is malformed; `field` names it."""

    code = "invalid"
    status = 400
    title = "The request is not valid"
    when = "The body, a query parameter or a header breaks a rule; `errors` names each field."
    remedy = "Change what `errors` names; sending the same again cannot help."


class PayloadTooLarge(Refused):
    """The body is over the limit."""

    code = "payload_too_large"
    status = 413
    title = "The body is too large"
    when = "The body is over the limit of its address, 64 KiB unless it says otherwise."
    remedy = "Send less at once."


class NotFound(Refused):
    """There is no such thing, or it is not the caller's: the two answers are the same."""

    code = "not_found"
    status = 404
    title = "Not found"
    when = "There is no such thing, or it belongs to somebody else: the answers are the same."
    remedy = "Check the address and the id, and whose token it is."
