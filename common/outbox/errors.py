"""What can be refused when an event is appended."""

from common.errors import Refused, Unavailable


class StreamNotAccepting(Refused):
    """The stream is unknown, or its user may not make requests at the moment."""

    code = "account_not_active"
    status = 403
    title = "This account cannot make transactions"
    when = "The caller, or whose wallet it is, is suspended, closing or closed."
    remedy = "Ask support; requests that were accepted before are carried out."


class NotParked(Refused):
    """There is nothing to unpark."""

    code = "not_parked"
    title = "The stream is not parked"
    when = "Staff unpark a stream that no broker has refused."
    remedy = "Nothing: its events leave."


class Backpressure(Unavailable):
    """More events wait for Kafka than the configured backlog allows."""

    code = "backpressure"
    title = "Too many requests wait to be processed"
    when = "More accepted requests wait to be processed than the configured backlog allows."
    remedy = (
        "Repeat the request with the same idempotency key after `Retry-After` seconds; reads go on."
    )
    retry_after_s = 5
