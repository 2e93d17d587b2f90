"""What the tests of the inbox share."""

import pytest

from common.inbox.isolate import batch_isolate
from common.inbox.models import InboxWaiting
from tests.common.inbox.ledger_of_events import GUILTY, WIRING, arrivals_of, ids_of


@pytest.fixture(autouse=True)
def nobody_is_guilty():
    yield
    GUILTY.clear()


@pytest.fixture
def bury():
    """Apply records of which the first fails; its dead letter."""

    def apply(*records, wiring=WIRING):
        GUILTY.update(ids_of(records[:1]))
        batch_isolate(wiring, arrivals_of(*records))
        GUILTY.clear()
        return InboxWaiting.objects.get(event_id=ids_of(records[:1])[0])

    return apply
