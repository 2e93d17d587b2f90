"""How large a made-up past is, and when it ends."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

DAYS = 90
"""How far back transactions go; the first half of the people was there before."""

TRANSACTIONS_MIN = 100
USERS_MIN = 20
_BURST_MAX = 500
_BURSTS_MIN = 200


class Scale(NamedTuple):
    """
    What makes a past: equal values give equal rows, whichever service asks.

    It ends at `until`. Dead letters are of each service.
    """

    transactions: int
    users: int
    dead_letters: int
    until: datetime

    @property
    def begins_at(self) -> datetime:
        """When the first transaction may be."""
        return self.until - timedelta(days=DAYS)

    @property
    def burst_size(self) -> int:
        """How many requests come at once; each burst is recorded together."""
        return min(_BURST_MAX, max(1, self.transactions // _BURSTS_MIN))

    @property
    def bursts(self) -> int:
        """How many bursts there are."""
        return -(-self.transactions // self.burst_size)


def scale_arguments_add(parser: ArgumentParser) -> None:
    """Add what `scale_of` reads."""
    parser.add_argument(
        "--scale",
        action="store_true",
        help=f"Make a past of {DAYS} days as well: people, transactions and dead letters. Run it"
        " in both services on the same day, or with the same --until, before anybody uses them:"
        " where only one has it for minutes, their background work finds the other one behind and"
        " sends events again. After an interruption it goes on where it was.",
    )
    parser.add_argument(
        "--transactions", type=_at_least(TRANSACTIONS_MIN), default=1_000_000, metavar="N"
    )
    parser.add_argument("--users", type=_at_least(USERS_MIN), default=50_000, metavar="N")
    parser.add_argument("--dead-letters", type=_at_least(0), default=5_000, metavar="N")
    parser.add_argument(
        "--until",
        type=_moment,
        metavar="TIME",
        help="When the past ends, in ISO 8601; the last midnight in UTC if not given.",
    )


def scale_of(options: dict[str, Any], *, now: datetime) -> Scale:
    """The scale that the arguments ask for."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Scale(
        options["transactions"],
        options["users"],
        options["dead_letters"],
        options["until"] or midnight,
    )


def _at_least(lowest: int) -> Any:
    def number(text: str) -> int:
        value = int(text)
        if value < lowest:
            raise ArgumentTypeError(f"must be at least {lowest}")
        return value

    return number


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("is not a time such as 2026-01-31T00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
