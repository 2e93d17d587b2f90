"""People of the stack that the chaos part has for itself, and the order of its modules."""

import pytest

from tests.chaos.people import Person, funded_people

PEOPLE = 14
LAST = ("test_scenario_crash_points", "test_scenario_poison")
"""Modules after which nobody can use the stack: it stands still, its topics have broken records."""


@pytest.fixture(scope="session")
def people() -> list[Person]:
    return funded_people(PEOPLE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what leaves the stack unusable for the end."""
    items.sort(key=lambda item: LAST.index(item.path.stem) if item.path.stem in LAST else -1)
