"""What the tests of the transactions service share."""

import pytest
from django.test import Client

from common.api.token_keys import token_keys
from tests.factories.commands import TransferFactory
from tests.factories.events import ALICE
from tests.transactions.books import apply, fund
from tests.transactions.tokens import JwksServer, SigningKey, token_for


@pytest.fixture(scope="session")
def signing_key():
    return SigningKey("key-1")


@pytest.fixture
def jwks(settings, signing_key):
    """The public keys of users behind `USERS_JWKS_URL`, fetched anew in every test."""
    with JwksServer([signing_key]).serving() as server:
        settings.USERS_JWKS_URL = server.url
        token_keys.cache_clear()
        yield server
    token_keys.cache_clear()


@pytest.fixture
def get(jwks, signing_key):
    """Call the API as somebody: `get(ALICE, "/api/v1/accounts")`."""

    def call(user_id, path, **query):
        token = token_for(user_id, signing_key)
        return Client().get(path, query, headers={"Authorization": f"Bearer {token}"})

    return call


@pytest.fixture
def amount():
    """What `hold` and `paid` are about, in cents; a module may have its own."""
    return 250


@pytest.fixture
def hold(db, amount):
    """Alice holds money for Bob, of 10.00 EUR that she has."""
    fund(ALICE, 1_000)
    command = TransferFactory(held=True, amount=amount)
    apply(command)
    return command


@pytest.fixture
def paid(db, amount):
    """Alice paid Bob, of 10.00 EUR that she had."""
    fund(ALICE, 1_000)
    command = TransferFactory(amount=amount)
    apply(command)
    return command
