"""One gateway and two services per test process; nothing outlives the session."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.gateway import tokens
from tests.gateway.running import Gateway, running_gateway
from tests.gateway.upstream import Seen, Upstream


@dataclass(frozen=True)
class Services:
    """Both upstreams; a request is looked for in each."""

    users: Upstream
    transactions: Upstream

    def requests(self, test_id: str) -> list[Seen]:
        return [*self.users.requests(test_id), *self.transactions.requests(test_id)]


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    with Upstream("users", jwks=tokens.jwks()) as users, Upstream("transactions") as transactions:
        yield Services(users, transactions)


@pytest.fixture(scope="session")
def gateway(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_gateway(
        tmp_path_factory.mktemp("gateway"),
        users_port=services.users.port,
        transactions_port=services.transactions.port,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def token() -> str:
    """A good access token."""
    return tokens.token()
