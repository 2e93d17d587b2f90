"""What can be refused about dead letters; the messages are for staff."""

from common.errors import Refused


class LetterUnknown(Refused):
    """There is no such row."""

    code = "letter_unknown"
    title = "There is no such dead letter"
    when = "Staff name a dead letter that does not exist."
    remedy = "List the letters and name one of them."


class LetterResolved(Refused):
    """Somebody was faster, or a valid event took its place."""

    code = "letter_resolved"
    title = "It is not a dead letter any more"
    when = "The letter was replayed, discarded or overtaken meanwhile."
    remedy = "Look at it again; most likely nothing is left to do."


class ReplayedTooOften(Refused):
    """The loop guard: it fails whenever it is tried."""

    code = "replayed_too_often"
    title = "It has failed too often"
    when = "The letter was replayed as often as the loop guard allows, and failed each time."
    remedy = "Mend the cause first, or discard it."


class DiscardRefused(Refused):
    """Discarding would break a promise."""

    code = "discard_refused"
    title = "It must not be discarded"
    when = "Discarding the letter would lose what was promised to a client."
    remedy = "Read the detail; replay it instead, or mend the cause."


class NotHalted(Refused):
    """There is nothing to resume."""

    code = "not_halted"
    title = "The consumer is not halted"
    when = "Staff resume a consumer that runs."
    remedy = "Nothing: it runs."


class NotForked(Refused):
    """There is nothing to unfork."""

    code = "not_forked"
    title = "The stream is not forked"
    when = "Staff unfork a stream that is whole."
    remedy = "Nothing: the stream goes on."
