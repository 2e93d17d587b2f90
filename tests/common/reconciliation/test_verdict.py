from dataclasses import replace

import pytest

from common.ids import uuid7
from common.internal.contracts import Standing
from common.kafka.places import GroupPlace
from common.reconciliation.verdict import NextEvent, Ours, Verdict, judge
from tests.factories.events import ALICE

LAST, OURS, OTHER = uuid7(), uuid7(), uuid7()
NEXT = NextEvent(event_id=OURS, age_s=61.0, partition=0, offset=10)
BEHIND = Ours(stream=ALICE, head=7, event_at_cursor=LAST, next_event=NEXT)
THEIRS = {"stream": ALICE, "last_sequence": 5, "last_event_id": LAST}
READ = {0: GroupPlace(resume=11, end=20)}


def verdict(ours=BEHIND, places=READ, **members):
    theirs = Standing(**{**THEIRS, **members})
    return judge(ours=ours, theirs=theirs, places=places, older_than_s=60)


def missed(**members):
    return replace(BEHIND, next_event=replace(NEXT, **members))


class TestJudge:
    def test_sends_again_what_was_read_a_minute_ago_and_not_applied(self):
        assert verdict() is Verdict.REPEATED

    def test_leaves_a_stream_alone_whose_head_was_applied(self):
        assert verdict(replace(BEHIND, head=5, next_event=None)) is Verdict.AGREES

    @pytest.mark.parametrize(
        ("ours", "expected"),
        [(missed(age_s=None), Verdict.UNPUBLISHED), (missed(age_s=59.9), Verdict.YOUNG)],
    )
    def test_waits_for_what_is_on_its_way(self, ours, expected):
        assert verdict(ours) is expected

    @pytest.mark.parametrize(
        ("place", "expected"),
        [
            (GroupPlace(resume=10, end=20), Verdict.UNREAD),
            (GroupPlace(resume=3, end=11), Verdict.UNREAD),
            (GroupPlace(resume=11, end=20), Verdict.REPEATED),
            (GroupPlace(resume=4, end=4), Verdict.REPEATED),
            (GroupPlace(resume=4, end=10), Verdict.REPEATED),
        ],
        ids=["not yet read", "next but one", "just read", "topic made again", "tail lost"],
    )
    def test_waits_for_a_group_that_has_not_read_so_far(self, place, expected):
        assert verdict(places={0: place}) is expected

    def test_knows_that_a_partition_may_be_gone(self):
        assert verdict(places={}) is Verdict.REPEATED

    def test_judges_nothing_as_missed_before_anybody_looked_at_the_offsets(self):
        assert verdict(places=None) is Verdict.UNREAD

    @pytest.mark.parametrize(("lag", "expected"), [(0, Verdict.REPEATED), (1, Verdict.UNREAD)])
    def test_waits_for_the_whole_topic_when_the_place_of_an_event_is_not_known(self, lag, expected):
        places = {0: GroupPlace(resume=5, end=5), 1: GroupPlace(resume=5, end=5 + lag)}

        assert verdict(missed(partition=None, offset=None), places) is expected

    def test_leaves_our_own_dead_letter_to_staff(self):
        assert verdict(held=(OTHER, OURS)) is Verdict.HELD

    def test_sends_ours_again_where_rubbish_claims_its_place(self):
        assert verdict(held=(OTHER,)) is Verdict.REPEATED

    @pytest.mark.parametrize(("held", "expected"), [((), Verdict.LOST), ((OTHER,), Verdict.HELD)])
    def test_says_what_is_lost_when_we_have_no_such_event(self, held, expected):
        assert verdict(replace(BEHIND, next_event=None), held=held) is expected

    @pytest.mark.parametrize(
        "members",
        [
            {"last_sequence": 8},
            {"last_event_id": OTHER},
            {"forked": True},
            {"last_sequence": 7, "forked": True},
        ],
        ids=["above our head", "another event", "they say so", "at our head"],
    )
    def test_finds_another_history(self, members):
        assert verdict(**members) is Verdict.FORKED

    def test_compares_no_events_that_one_side_does_not_know_any_more(self):
        assert verdict(last_event_id=None) is Verdict.REPEATED
        assert verdict(replace(BEHIND, event_at_cursor=None)) is Verdict.REPEATED
