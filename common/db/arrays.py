"""Many values as one parameter of a statement."""

from collections.abc import Sequence
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder()


def array_of(values: Sequence[Any]) -> Any:
    """
    Values of one kind as the parameter of an array, for a place that names its type (`::uuid[]`).

    Ids, numbers, moments, truth values, texts and None; not bytes.
    """
    # Note [Arrays as JSON]: without escapes, a JSON list is an array literal in other brackets,
    # and msgspec writes it in a tenth of the time that the driver takes. With an escape it is
    # not: then the driver has to do it.
    raw = _ENCODER.encode(values)
    if b"\\" in raw:
        return list(values)
    return f"{{{raw[1:-1].decode()}}}"
