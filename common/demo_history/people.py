"""Who takes part."""

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from common.demo_history.scale import DAYS, Scale

_FIRST = "Amina Bruno Chiara Dario Elif Farid Greta Hugo Ines Jonas Kaja Liam Mara".split()  # noqa: SIM905  a list of names reads so
_LAST = "Adler Berg Costa Dunn Eriksen Fontana Garcia Haas Ivanov Jensen Keller Novak".split()  # noqa: SIM905  as above

# How many of a hundred keep their first wallet in it.
_CURRENCIES = ["EUR"] * 50 + ["USD"] * 25 + ["GBP"] * 12 + ["JPY"] * 8 + ["BHD"] * 5

_PENDING_EVERY = 50
_SUSPENDED_EVERY = 97


class Person(NamedTuple):
    """
    Somebody of the past. The first one is the treasury, who has no wallet.

    `suspended_at` is None for who is active; who is pending never takes part.
    """

    number: int
    id: UUID
    email: str
    display_name: str
    status: str
    currency: str
    registered_at: datetime
    suspended_at: datetime | None

    @property
    def is_treasury(self) -> bool:
        return self.number == 0


def people(scale: Scale) -> list[Person]:
    """Everybody, in the order of their registration."""
    random = Random(f"people/{scale}")  # noqa: S311  made up, not secret
    begins = scale.until - timedelta(days=2 * DAYS)
    return [
        _person(number, begins + number * timedelta(days=2 * DAYS) / scale.users, scale, random)
        for number in range(scale.users)
    ]


def id_at(moment: datetime, random: Random) -> UUID:
    """A version 7 UUID of a moment (RFC 9562, section 5.7)."""
    milliseconds = int(moment.timestamp() * 1000)
    bits = random.getrandbits(74)
    return UUID(
        int=milliseconds << 80
        | (0x7000 | bits >> 62) << 64
        | 0b10 << 62
        | bits & 0x3FFF_FFFF_FFFF_FFFF
    )


def _person(number: int, registered_at: datetime, scale: Scale, random: Random) -> Person:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    pending = number % _PENDING_EVERY == _PENDING_EVERY - 1
    suspended = number % _SUSPENDED_EVERY == _SUSPENDED_EVERY - 1 and not pending
    status = "pending_verification" if pending else "suspended" if suspended else "active"
    name = f"{first}.{last}.{number}".lower() if number else "demo-treasury"
    return Person(
        number=number,
        id=id_at(registered_at, random),
        email=f"{name}@example.com",
        display_name=f"{first} {last}" if number else "Demo treasury",
        status=status,
        currency=random.choice(_CURRENCIES),
        registered_at=registered_at,
        suspended_at=scale.until if suspended else None,
    )
