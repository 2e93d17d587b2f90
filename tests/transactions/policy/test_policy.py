"""The whole matrix of the transactions service."""

import pytest

from tests.factories.events import ALICE
from tests.policy.forged_tokens import Mint
from tests.policy.matrix_tests import PolicyMatrix
from tests.transactions.policy.rules import RULES
from tests.transactions.policy.scene import TransactionsScene


@pytest.mark.django_db
@pytest.mark.usefixtures("jwks")
class TestPolicy(PolicyMatrix):
    rules = RULES

    @pytest.fixture
    def scene(self, signing_key) -> TransactionsScene:
        return TransactionsScene(Mint(signing_key.private, signing_key.kid, ALICE))
