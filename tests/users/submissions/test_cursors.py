"""Pages of transactions while fifty a second come in: no row twice, none missed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from common.ids import uuid7
from tests.factories.users import TransactionRequestFactory
from tests.users.conftest import TRANSACTIONS
from tests.users.submissions.test_races import caller_of, order_of
from users.submissions.models import TransactionRequest
from users.submissions.services import transaction_submit

pytestmark = pytest.mark.django_db(transaction=True)

A_SECOND = 50
WRITERS = 2
FILTERS = (
    {},
    {"kind": "withdrawal"},
    {"currency": "USD"},
    {"status": "pending", "kind": "withdrawal"},
    {"created_from": "2026-01-01T00:00:00Z"},
)


class Coming:
    """Requests of somebody's that come in, from several threads, at fifty a second."""

    def __init__(self, user) -> None:
        self._user = user
        self._stop = threading.Event()
        self._more = threading.Condition()
        self.count = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._run) for _ in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def wait_for_more(self) -> None:
        """Until another one is there."""
        with self._more:
            known = self.count
            assert self._more.wait_for(lambda: self.count > known, timeout=10)

    def _run(self) -> None:
        currencies = ("EUR", "USD")
        try:
            while not self._stop.wait(WRITERS / A_SECOND):
                order = order_of(self._user, currency=currencies[self.count % 2])
                transaction_submit(order=order, caller=caller_of(self._user, str(uuid7())))
                with self._more:
                    self.count += 1
                    self._more.notify_all()
        finally:
            connections.close_all()


def pages(client, query, coming) -> Iterator[list[str]]:
    """One page after the other, each after something new has come in."""
    cursor = None
    while True:
        coming.wait_for_more()
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        body = client.get(TRANSACTIONS, asked).json()
        yield [row["id"] for row in body["data"]]
        cursor = body["next_cursor"]
        if not body["has_more"]:
            return


@hypothesis_settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(3, 40), query=st.sampled_from(FILTERS))
def test_pages_join_while_others_come_in(client_of, alice, limit, query):
    if not TransactionRequest.objects.exists():
        for number in range(120):
            currency = ("EUR", "USD")[number % 2]
            TransactionRequestFactory(user=alice, currency=currency)
    client = client_of(alice)
    rows = TransactionRequest.objects.filter(
        **{name: value for name, value in query.items() if name != "created_from"}
    )
    coming = Coming(alice)

    with coming.running():
        coming.wait_for_more()
        there = {str(pk) for pk in rows.values_list("pk", flat=True)}
        seen = [row for page in pages(client, {**query, "limit": limit}, coming) for row in page]

    assert coming.count > 0
    assert len(seen) == len(set(seen)), "a row came twice"
    assert there <= set(seen), "a row was missed"
    assert seen == sorted(seen, reverse=True)
