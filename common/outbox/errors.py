"""What can be refused when an event is appended."""

from common.errors import Refused, Unavailable


class StreamNotAccepting(Refused):
    """The stream is unknown, or its user may not make requests at the moment."""

    code = "account_not_active"
    status = 403
    title = "This account cannot make transactions"


class Backpressure(Unavailable):
    """More events wait for Kafka than the configured backlog allows."""

    code = "backpressure"
    title = "Too many requests wait to be processed"
    retry_after_s = 5
