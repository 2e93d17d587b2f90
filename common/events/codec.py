"""Event data to bytes and back, strictly."""

from functools import cache

import msgspec

from common.events.contracts import EVENT_TYPES, Event
from common.strict_json import NotJson, strict_json_loads

SIZE_MAX = 16 * 1024
"""An event's data in bytes; more is refused when it is appended and when it is read."""


class EventInvalid(ValueError):
    """The data of an event breaks its contract; the message says where. Handlers raise it too."""


class EventTooLarge(ValueError):
    """The encoded event is over 16 KiB."""


_ENCODER = msgspec.json.Encoder()


def event_encode(event: Event) -> bytes:
    """Encode an event; the same event always gives the same bytes. Raises `EventTooLarge`."""
    raw = _ENCODER.encode(event)
    if len(raw) > SIZE_MAX:
        raise EventTooLarge(f"{event.TYPE} takes {len(raw)} bytes of {SIZE_MAX}")
    return raw


def event_decode(event_type: str, raw: bytes) -> Event | None:
    """
    Decode the data of an event; None when the type is unknown altogether.

    A later version of a type we know is invalid, not unknown: its stream must wait for the
    reader to be upgraded. Unknown members are ignored. Raises `EventInvalid`.
    """
    struct = EVENT_TYPES.get(event_type)
    if struct is None:
        if event_type.rpartition(".v")[0] in _known_names():
            raise EventInvalid(f"version of {event_type} is unknown")
        return None
    if len(raw) > SIZE_MAX:
        raise EventInvalid("the data is too large")
    return _decode(struct, raw)


def _decode(struct: type[Event], raw: bytes) -> Event:
    try:
        event = _decoder(struct).decode(raw)
        # Note [Canonical bytes]: what encodes to the very bytes that came has no duplicate
        # key, no unknown member and no number but ours. Producers of this code base always
        # send such bytes, so the slow strict reading is for strangers and for later versions.
        # Only an escaped NUL would pass this comparison, so it takes the slow way too.
        if _ENCODER.encode(event) != raw or b"\\u0000" in raw:
            event = msgspec.convert(strict_json_loads(raw, size_max=SIZE_MAX), struct)
    except msgspec.ValidationError as error:
        raise EventInvalid(f"the data breaks the contract: {error}") from None
    except NotJson as error:
        raise EventInvalid(str(error)) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise EventInvalid("the data is not valid JSON") from None
    return event


@cache
def _decoder(struct: type[Event]) -> msgspec.json.Decoder[Event]:
    return msgspec.json.Decoder(struct)


@cache
def _known_names() -> frozenset[str]:
    return frozenset(name.rpartition(".v")[0] for name in EVENT_TYPES)
