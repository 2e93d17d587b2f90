import pytest

from common.outbox.session import PublisherSession
from tests.e2e.client import wait_for

LET_GO_WITHIN_S = 20

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sessions():
    """The session of a holder and that of a rival."""
    both = PublisherSession(), PublisherSession()
    yield both
    for session in both:
        session.close()


class TestLock:
    def test_is_held_by_one_session_at_a_time(self, sessions):
        holder, rival = sessions

        assert holder.lock()
        assert not rival.lock()
        holder.unlock()
        assert rival.lock()

    def test_is_lost_by_a_holder_that_stopped_between_two_statements(self, sessions):
        holder, rival = sessions
        assert holder.lock()

        wait_for("the lock is free", lambda: rival.lock() or None, deadline_s=LET_GO_WITHIN_S)

    def test_is_lost_by_a_holder_that_stopped_in_the_middle_of_an_answer(self, sessions):
        """Its session is not idle: the server waits for room to send, under no timeout of SQL."""
        holder, rival = sessions
        assert holder.lock()
        holder.connection.pgconn.send_query(
            b"SELECT repeat('x', 1000) FROM generate_series(1, 100000)"
        )

        wait_for("the lock is free", lambda: rival.lock() or None, deadline_s=LET_GO_WITHIN_S)
