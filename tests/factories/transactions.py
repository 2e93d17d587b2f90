"""The smallest valid rows of the transactions service."""

import factory
from factory.django import DjangoModelFactory

from tests.factories.events import ALICE, NOON


class WalletFactory(DjangoModelFactory):
    """Alice's empty EUR wallet."""

    class Meta:
        model = "ledger.Account"

    owner = ALICE
    currency = "EUR"
    normal_side = "credit"
    opened_at = NOON


class StaffFactory(DjangoModelFactory):
    """Somebody who may do everything that a console lets anybody do."""

    class Meta:
        model = "auth.User"

    username = factory.Sequence(lambda n: f"staff{n}@example.com")
    email = factory.SelfAttribute("username")
    is_staff = True
    is_superuser = True
