"""Refusals that any route may answer with."""

from common.errors import Refused


class InvalidRequest(Refused):
    """Something in the request is malformed; `field` names it."""

    code = "invalid"
    status = 400
    title = "The request is not valid"


class PayloadTooLarge(Refused):
    """The body is over the limit."""

    code = "payload_too_large"
    status = 413
    title = "The body is too large"


class NotFound(Refused):
    """There is no such thing, or it is not the caller's: the two answers are the same."""

    code = "not_found"
    status = 404
    title = "Not found"
