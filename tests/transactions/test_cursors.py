"""Pages of a statement while fifty lines a second are posted: no line twice, none missed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from django.db import connections
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.factories.commands import DepositFactory, WithdrawalFactory
from tests.factories.events import ALICE
from tests.transactions.books import apply, fund
from transactions.ledger.models import Account, Posting

pytestmark = pytest.mark.django_db(transaction=True)

A_SECOND = 50


class Lines:
    """Lines of Alice's that are posted one by one, at fifty a second."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._more = threading.Condition()
        self.count = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def wait_for_more(self) -> None:
        """Until another one is there."""
        with self._more:
            known = self.count
            assert self._more.wait_for(lambda: self.count > known, timeout=10)

    def _run(self) -> None:
        try:
            while not self._stop.wait(1 / A_SECOND):
                make = WithdrawalFactory if self.count % 3 == 0 else DepositFactory
                apply(make(amount=1 + self.count % 5))
                with self._more:
                    self.count += 1
                    self._more.notify_all()
        finally:
            connections.close_all()


def pages(get, limit, posting) -> Iterator[dict]:
    """One page after the other, each after something new was posted."""
    path, query = f"/api/v1/accounts/{Account.objects.get(owner=ALICE).id}/statement", {}
    while True:
        posting.wait_for_more()
        body = get(ALICE, path, limit=limit, **query).json()
        yield body
        query = {"cursor": body["next_cursor"]}
        if not body["has_more"]:
            return


@hypothesis_settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(8, 60))
def test_pages_of_a_statement_join_while_lines_are_posted(get, limit):
    fund(ALICE, 10_000)
    for number in range(40):
        apply(WithdrawalFactory(amount=1 + number))
    posting = Lines()

    with posting.running():
        posting.wait_for_more()
        there = set(Posting.objects.filter(account__owner=ALICE).values_list("transaction_id"))
        found = list(pages(get, limit, posting))

    lines = [line for page in found for line in page["lines"]]
    seen = [line["transaction_id"] for line in lines]
    assert len(seen) == len(set(seen)), "a line came twice"
    assert {str(one) for (one,) in there} <= set(seen), "a line was missed"
    balance = found[0]["opening_balance"]
    assert balance == 0
    for line in lines:
        balance += line["amount"]
        assert line["balance_after"] == balance
    for before, after in pairwise(found):
        assert after["opening_balance"] == before["closing_balance"]
