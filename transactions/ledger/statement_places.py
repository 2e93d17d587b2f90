"""Where a page of a statement ends, as the next one is asked for it."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta

from transactions.ledger.statements import Place

TICK = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = struct.Struct(">qq")


def place_write(place: Place) -> str:
    """A place as an opaque cursor for an address."""
    packed = _PLACE.pack((place.recorded_at - _EPOCH) // TICK, place.id)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def place_read(cursor: str) -> Place:
    """The place that a cursor means; raises `ValueError` if it is none of ours."""
    try:
        packed = base64.b64decode(cursor + "==", altchars=b"-_", validate=True)
        microseconds, row_id = _PLACE.unpack(packed)
        return Place(_EPOCH + microseconds * TICK, row_id)
    except (ValueError, OverflowError, binascii.Error, struct.error) as error:
        raise ValueError("The cursor is not one of ours.") from error
