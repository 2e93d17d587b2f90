"""The started stack, as its clients see it; the test command sets the environment."""

import pytest

from tests.e2e.client import Caller, anybody, sign_up, treasury


@pytest.fixture(scope="session")
def bank() -> Caller:
    return treasury()


@pytest.fixture
def alice() -> Caller:
    return sign_up()


@pytest.fixture
def bob() -> Caller:
    return sign_up()


@pytest.fixture
def stranger() -> Caller:
    return anybody()
