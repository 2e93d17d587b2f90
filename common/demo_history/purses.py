"""What everybody has while the past goes on."""

from collections import defaultdict

from common.demo_history.people import Person

_Key = tuple[int, str]


class Purses:
    """
    What wallets have, in minor units.

    `spendable` is less than `available` by what somebody will give back later, so that they
    still have it then.
    """

    def __init__(self) -> None:
        self._available: defaultdict[_Key, int] = defaultdict(int)
        self._spendable: defaultdict[_Key, int] = defaultdict(int)

    def available(self, person: Person, currency: str) -> int:
        """What the ledger would let them spend."""
        return self._available[person.number, currency]

    def spendable(self, person: Person, currency: str) -> int:
        """What they may spend and still keep their word."""
        return self._spendable[person.number, currency]

    def take(self, person: Person, currency: str, amount: int, *, kept: bool = False) -> None:
        """Take from what is spendable, or from what was `kept` back."""
        self._available[person.number, currency] -= amount
        if not kept:
            self._spendable[person.number, currency] -= amount

    def give(self, person: Person, currency: str, amount: int, *, keep: int = 0) -> None:
        """Add an amount, of which so much is kept back."""
        self._available[person.number, currency] += amount
        self._spendable[person.number, currency] += amount - keep
