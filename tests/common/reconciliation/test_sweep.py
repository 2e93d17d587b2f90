"""Streams that the other side does not have in full, told over real HTTP."""

import pytest

from common.ids import uuid7
from common.kafka.places import GroupPlace
from common.outbox.models import OutboxMessage
from common.reconciliation import sweep
from common.reconciliation.heads import peer_alarms
from common.reconciliation.models import PeerCursor
from common.reconciliation.sweep import streams_reconcile
from common.reconciliation.verdict import Verdict
from tests.common.reconciliation.two_sides import ALL_READ, applied, kept, say, unpublished
from tests.factories.events import ALICE, BOB

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("peer")]


def reconcile(places=None, **options):
    return streams_reconcile(places=lambda _: places or ALL_READ, **options)


class TestReconcile:
    def test_sends_again_what_lies_above_the_other_sides_cursor(self):
        ids = say(ALICE, 5)
        applied(ALICE, 2, ids[1])

        report = reconcile()

        assert unpublished(ALICE) == [3, 4, 5]
        assert (report.sent_again, report.verdicts[Verdict.REPEATED]) == (3, 1)
        assert PeerCursor.objects.get().sequence == 2

    def test_sends_again_a_stream_that_the_other_side_never_heard_of(self):
        say(ALICE, 2)

        reconcile()

        assert unpublished(ALICE) == [1, 2]

    def test_touches_no_stream_that_was_applied(self):
        ids = say(ALICE, 2)
        applied(ALICE, 2, ids[1])

        report = reconcile()

        assert unpublished(ALICE) == []
        assert report.verdicts == {Verdict.AGREES: 1}

    def test_asks_once_about_what_agrees_until_something_new_is_said(self, monkeypatch):
        monkeypatch.setattr(sweep, "_VERIFY_MAX", 0)
        ids = say(ALICE, 2)
        applied(ALICE, 2, ids[1])
        reconcile()

        assert reconcile().verdicts.total() == 0

        say(ALICE, 1)
        assert reconcile().verdicts == {Verdict.REPEATED: 1}

    def test_sends_a_stream_again_once_a_minute_at_most(self):
        say(ALICE, 2)
        reconcile()
        OutboxMessage.objects.filter(stream=ALICE).update(published_at=None)

        assert reconcile().verdicts == {Verdict.UNPUBLISHED: 1}

        say(BOB, 1, published_s_ago=59)
        assert reconcile().verdicts == {Verdict.UNPUBLISHED: 1, Verdict.YOUNG: 1}
        assert unpublished(BOB) == []

    def test_floods_no_consumer_that_was_down_and_has_it_all_before_it(self):
        say(ALICE, 3, offset=500)

        report = reconcile({0: GroupPlace(resume=400, end=900)})

        assert report.verdicts == {Verdict.UNREAD: 1}
        assert unpublished(ALICE) == []

    def test_sends_again_when_the_topic_was_made_again(self):
        say(ALICE, 3, offset=500)

        reconcile({0: GroupPlace(resume=2, end=40)})

        assert unpublished(ALICE) == [1, 2, 3]

    def test_asks_again_after_the_offsets_were_read(self):
        ids = say(ALICE, 3)

        def places(_):
            applied(ALICE, 3, ids[2])  # it commits its offset just now
            return ALL_READ

        report = streams_reconcile(places=places)

        assert report.verdicts == {Verdict.AGREES: 1}
        assert unpublished(ALICE) == []

    def test_leaves_dead_letters_to_staff(self):
        ids = say(ALICE, 3)
        applied(ALICE, 1, ids[0])
        kept(ALICE, 2, ids[1])
        kept(ALICE, 3, ids[2], state="waiting")

        report = reconcile()

        assert report.named == {ALICE: Verdict.HELD}
        assert unpublished(ALICE) == []

    def test_sends_ours_again_where_a_forged_event_claims_its_place(self):
        ids = say(ALICE, 2)
        applied(ALICE, 1, ids[0])
        kept(ALICE, 2, uuid7())

        reconcile()

        assert unpublished(ALICE) == [2]

    def test_sends_ours_again_where_another_contests_its_place(self):
        ids = say(ALICE, 2)
        applied(ALICE, 1, ids[0])
        for claimant in (ids[1], uuid7()):
            kept(ALICE, 2, claimant, error_class="contested")

        reconcile()

        assert unpublished(ALICE) == [2]

    def test_leaves_a_poisoned_first_event_of_a_stream_without_a_cursor(self):
        ids = say(ALICE, 1)
        kept(ALICE, 1, ids[0])

        assert reconcile().verdicts == {Verdict.HELD: 1}

    @pytest.mark.parametrize("sequence", [2, 3])
    def test_alarms_and_leaves_streams_with_another_history(self, sequence):
        say(ALICE, 2)
        applied(ALICE, sequence, uuid7())

        report = reconcile()

        assert (report.named, report.alarming) == ({ALICE: Verdict.FORKED}, 1)
        assert unpublished(ALICE) == []
        assert PeerCursor.objects.get().verdict == "forked"
        assert peer_alarms() == {"forked": 1, "lost": 0, "held": 0}

    def test_alarms_when_the_event_that_they_need_is_gone(self):
        ids = say(ALICE, 3)
        applied(ALICE, 1, ids[0])
        OutboxMessage.objects.filter(id=ids[1]).delete()

        assert reconcile().named == {ALICE: Verdict.LOST}

    def test_bounds_what_one_sweep_sends(self, monkeypatch):
        monkeypatch.setattr(sweep, "_ROWS_MAX", 4)
        say(ALICE, 3)
        say(BOB, 3)

        report = reconcile()

        assert report.sent_again == 4
        assert len(unpublished(ALICE)) + len(unpublished(BOB)) == 4

    def test_changes_nothing_in_a_dry_run(self):
        say(ALICE, 2)

        report = reconcile(dry_run=True)

        assert report.verdicts == {Verdict.REPEATED: 1}
        assert unpublished(ALICE) == []
        assert not PeerCursor.objects.exists()


class TestRestoredPeer:
    def test_makes_every_stream_a_candidate_again(self, monkeypatch):
        monkeypatch.setattr(sweep, "_VERIFY_MAX", 1)
        for stream in (ALICE, BOB):
            ids = say(stream, 3)
            applied(stream, 3, ids[2])
            reconcile()
        for stream in (ALICE, BOB):
            first = OutboxMessage.objects.get(stream=stream, sequence=1)
            applied(stream, 1, first.id)

        went_back = reconcile().went_back
        reconcile()

        assert went_back
        assert (unpublished(ALICE), unpublished(BOB)) == ([2, 3], [2, 3])

    def test_is_seen_at_once_when_every_stream_is_asked(self, monkeypatch):
        monkeypatch.setattr(sweep, "_VERIFY_MAX", 0)
        ids = say(ALICE, 3)
        applied(ALICE, 3, ids[2])
        reconcile()
        applied(ALICE, 1, ids[0])

        assert reconcile().verdicts.total() == 0
        reconcile(every_stream=True)

        assert unpublished(ALICE) == [2, 3]
