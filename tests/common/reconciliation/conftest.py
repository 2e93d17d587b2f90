import pytest

from common.reconciliation.management.commands import (
    outbox_resume,
    prune_outbox,
    reconcile_streams,
)
from tests.common.reconciliation.two_sides import PEER_SECRET


@pytest.fixture
def peer(settings, live_server):
    """
    The other service: this one, asked over real HTTP.

    What its inbox holds is how far the other side has come in the streams of our outbox.
    """
    settings.PEER = {
        **settings.PEER,
        "URL": live_server.url,
        "SECRET_SHOWN": PEER_SECRET,
        "SECRET_EXPECTED": PEER_SECRET,
    }
    return live_server


@pytest.fixture(autouse=True)
def connection_of_the_test(monkeypatch):
    """Commands take the timeouts of commands for their whole process; tests are many in one."""
    for command in (outbox_resume, prune_outbox, reconcile_streams):
        monkeypatch.setattr(command, "timeouts_use", lambda _: None)
