"""The whole matrix of the users service."""

import pytest

from tests.policy.matrix_tests import PolicyMatrix
from tests.users.policy.rules import RULES
from tests.users.policy.scene import UsersScene


@pytest.mark.django_db
class TestPolicy(PolicyMatrix):
    rules = RULES

    @pytest.fixture
    def scene(self) -> UsersScene:
        return UsersScene()
