"""People of the stack that the chaos part has for itself, and the order of its modules."""

import pytest

from tests.chaos.people import Person, funded_people


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return funded_people(8)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the module for the end whose broken records stay in the topics."""
    items.sort(key=lambda item: item.path.stem == "test_scenario_poison")
