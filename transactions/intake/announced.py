"""What users says that it announced, for an event whose data arrived illegible."""

import msgspec

from common.events.codec import EventInvalid, event_decode
from common.events.contracts import Event
from common.events.envelope import Envelope
from common.inbox.errors import DiscardRefused
from common.internal.client import PeerAway, peer_ask
from common.internal.contracts import Announced, AnnouncedPage


def command_announced(envelope: Envelope) -> Event:
    """
    Ask users which command an event was about. Not within a transaction: it takes what it takes.

    Raises `DiscardRefused` when users does not answer, or never announced this event in this
    place.
    """
    try:
        found = peer_ask("announced", [envelope.id], AnnouncedPage).data
    except PeerAway as error:
        raise DiscardRefused(
            f"Its data do not say which command it is, and users cannot be asked: {error}."
        ) from error
    told = next((one for one in found if one.event_id == envelope.id), None)
    if told is None or (told.stream, told.sequence) != (envelope.stream, envelope.sequence):
        raise DiscardRefused(
            "Its data do not say which command it is, and users announced none by this event:"
            " --rubbish gives up what is not the real event of its place."
        )
    return _event(told)


def _event(told: Announced) -> Event:
    try:
        event = event_decode(told.type, msgspec.json.encode(told.data))
    except EventInvalid as error:
        raise DiscardRefused(f"What users says of it breaks the contract: {error}.") from error
    if event is None:
        raise DiscardRefused(f"Users says that it is {told.type}, which nobody here knows.")
    return event
