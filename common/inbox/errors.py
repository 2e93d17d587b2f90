"""What can be refused about dead letters; the messages are for staff."""

from common.errors import Refused


class LetterUnknown(Refused):
    """There is no such row."""

    code = "letter_unknown"
    title = "There is no such dead letter"


class LetterResolved(Refused):
    """Somebody was faster, or a valid event took its place."""

    code = "letter_resolved"
    title = "It is not a dead letter any more"


class ReplayedTooOften(Refused):
    """The loop guard: it fails whenever it is tried."""

    code = "replayed_too_often"
    title = "It has failed too often"


class DiscardRefused(Refused):
    """Discarding would break a promise."""

    code = "discard_refused"
    title = "It must not be discarded"


class NotHalted(Refused):
    """There is nothing to resume."""

    code = "not_halted"
    title = "The consumer is not halted"


class NotForked(Refused):
    """There is nothing to unfork."""

    code = "not_forked"
    title = "The stream is not forked"
