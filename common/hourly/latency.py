"""
Times from one moment to another, counted in classes.

Twenty classes to a factor of ten, so that a percentile read from them is at most 12 % too high;
the first is up to a millisecond, the last has no end.
"""

import math
from collections.abc import Iterable

_PER_DECADE = 20
_LAST = 180


def class_of(interval: str) -> str:
    """SQL: the class of an interval, as text that sorts; a negative one is in the first."""
    milliseconds = f"greatest(extract(epoch FROM {interval})::float8 * 1000, 1)"
    number = f"least(ceil({_PER_DECADE} * log({milliseconds})), {_LAST})"
    return f"to_char({number}, 'FM000')"


def percentile_s(classes: Iterable[tuple[str, int]], share: float) -> float | None:
    """
    What `share` of all times do not exceed, in seconds; None without any.

    `classes` are pairs of a class and how many times are in it.
    """
    ordered = sorted(classes)
    rank = math.ceil(share * sum(number for _, number in ordered))
    for label, number in ordered:
        rank -= number
        if rank <= 0:
            return float(10 ** (int(label) / _PER_DECADE) / 1000)
    return None
