"""What every test leaves as it was."""

import copy
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

_LASTING = ("CONN_MAX_AGE", "CONN_HEALTH_CHECKS", "OPTIONS")


@pytest.fixture(autouse=True)
def connections_that_end() -> Iterator[None]:
    """
    Let a command that a test runs keep its one lasting connection to itself.

    The settings are the process's: later tests of a worker would hold what requests give back.
    """
    if not settings.configured:
        yield
        return
    kept = {name: copy.deepcopy(connection.settings_dict[name]) for name in _LASTING}
    yield
    connection.settings_dict.update(kept)
