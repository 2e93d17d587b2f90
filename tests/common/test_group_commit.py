import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.db import group_commit
from common.db.group_commit import GroupCommit
from tests.e2e.client import wait_for

WITHIN_S = 10


class Gate:
    """A commit for many that waits until it is let through, and what it was asked for."""

    def __init__(self, *, answers=lambda items: items) -> None:
        self.groups = []
        self.reached = threading.Event()
        self.open = threading.Event()
        self._answers = answers

    def __call__(self, items) -> list:
        self.groups.append([*items])
        self.reached.set()
        assert self.open.wait(WITHIN_S)
        return self._answers(items)


@pytest.fixture
def threads():
    with ThreadPoolExecutor(max_workers=8) as pool:
        yield pool


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    """Let even one be a group, so that a test says by itself who meets whom."""
    monkeypatch.setattr(group_commit, "SHARED_MIN", 1)


def queue_behind(commit, threads, gate, items):
    """Submit the first item, and the others while it is being committed."""
    first = threads.submit(commit.submit, items[0])
    assert gate.reached.wait(WITHIN_S)
    others = [threads.submit(commit.submit, item) for item in items[1:]]
    wait_for("all queued", lambda: len(commit._queue) == len(others) or None)
    return [first, *others]


class TestSubmit:
    def test_commits_together_what_came_while_another_group_was_committed(self, threads):
        gate = Gate(answers=lambda items: [f"{item}!" for item in items])
        commit = GroupCommit(together=gate, alone=pytest.fail)

        submitted = queue_behind(commit, threads, gate, "abcd")
        gate.open.set()

        assert [one.result(WITHIN_S) for one in submitted] == ["a!", "b!", "c!", "d!"]
        assert gate.groups[0] == ["a"]
        assert sorted(gate.groups[1]) == ["b", "c", "d"]

    def test_lets_go_alone_what_could_not_go_together(self, threads):
        gate = Gate(answers=lambda items: [None if item == "c" else item for item in items])
        commit = GroupCommit(together=gate, alone=lambda item: f"{item} alone")

        submitted = queue_behind(commit, threads, gate, "abc")
        gate.open.set()

        assert [one.result(WITHIN_S) for one in submitted] == ["a", "b", "c alone"]

    def test_raises_what_an_item_raises_alone_to_its_own_thread(self, threads):
        def alone(item):
            raise ValueError(item)

        gate = Gate(answers=lambda items: [None if item == "b" else item for item in items])
        commit = GroupCommit(together=gate, alone=alone)

        good, bad = queue_behind(commit, threads, gate, "ab")
        gate.open.set()

        assert good.result(WITHIN_S) == "a"
        with pytest.raises(ValueError, match="b"):
            bad.result(WITHIN_S)

    def test_lets_the_others_go_alone_when_a_group_fails_unforeseen(self, threads):
        def fails(items):
            if len(items) > 1:
                raise RuntimeError
            return items

        gate = Gate(answers=fails)
        commit = GroupCommit(together=gate, alone=lambda item: f"{item} alone")

        first, *others = queue_behind(commit, threads, gate, "abc")
        gate.open.set()

        assert first.result(WITHIN_S) == "a"
        failed = [one.exception(WITHIN_S) for one in others]
        assert sorted(map(str, map(type, failed))) == [str(type(None)), str(RuntimeError)]
        assert commit.submit("d") == "d"

    def test_nobody_waits_for_a_leader_that_dies_while_others_gather(self, threads, monkeypatch):
        gathering, dies = threading.Event(), threading.Event()

        def pause(_) -> None:
            if not gathering.is_set():
                gathering.set()
                assert dies.wait(WITHIN_S)
                raise SystemExit

        monkeypatch.setattr(group_commit.time, "sleep", pause)
        commit = GroupCommit(together=lambda items: items, alone=pytest.fail)

        first = threads.submit(commit.submit, "a")
        assert gathering.wait(WITHIN_S)
        others = [threads.submit(commit.submit, item) for item in "bc"]
        wait_for("all queued", lambda: {"b", "c"} <= {t.item for t in commit._queue} or None)
        dies.set()

        assert isinstance(first.exception(WITHIN_S), SystemExit)
        assert [one.result(WITHIN_S) for one in others] == ["b", "c"]

    def test_leaves_what_is_too_much_for_one_group_to_the_next(self, threads, monkeypatch):
        monkeypatch.setattr(group_commit, "SHARED_MAX", 2)
        gate = Gate()
        commit = GroupCommit(together=gate, alone=pytest.fail)

        submitted = queue_behind(commit, threads, gate, "abcde")
        gate.open.set()

        assert [one.result(WITHIN_S) for one in submitted] == list("abcde")
        assert [len(group) for group in gate.groups] == [1, 2, 2]

    def test_nobody_waits_for_another_without_company(self, threads, monkeypatch):
        monkeypatch.setattr(group_commit, "SHARED_MIN", 3)
        alone = Gate(answers=lambda item: item)
        commit = GroupCommit(together=pytest.fail, alone=alone)

        first = threads.submit(commit.submit, "a")
        assert alone.reached.wait(WITHIN_S)
        second = threads.submit(commit.submit, "b")
        wait_for("both at work", lambda: len(alone.groups) == 2 or None)
        alone.open.set()

        assert [first.result(WITHIN_S), second.result(WITHIN_S)] == ["a", "b"]
