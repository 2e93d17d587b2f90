"""Which parts run side by side, and which do not run where something is missing."""

import subprocess

import pytest

from compose.local.parts import BENCHES, PARTS, choose
from compose.local.stack import ROOT
from compose.local.testing import left_out, rounds


def names_of(chosen):
    return [[[part.name for part in parts] for parts in groups] for groups in rounds(chosen)]


class TestRounds:
    def test_keep_what_needs_quiet_for_the_end_and_by_itself(self):
        chosen = choose(["chaos", "e2e", "unit", "repair"])

        assert names_of(chosen) == [[["unit", "e2e"], ["repair"]], [["chaos"]]]

    def test_may_be_of_that_alone(self):
        assert names_of(choose(["chaos"])) == [[["chaos"]]]


class TestChoice:
    def test_without_a_name_is_all_but_what_takes_too_long(self):
        chosen = {part.name for part in choose([], among=BENCHES)}

        assert {part.name for part in BENCHES} - chosen == {"even_times"}
        assert choose([]) == list(PARTS)

    def test_by_name_is_what_was_asked_for(self):
        assert [part.name for part in choose(["even_times"], among=BENCHES)] == ["even_times"]


@pytest.fixture
def without_browser(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")


@pytest.mark.usefixtures("without_browser")
class TestLeftOut:
    def test_says_why_and_does_not_fail_the_whole(self):
        (outcome,) = left_out(PARTS, by_name=False)

        assert outcome.part.name == "browser"
        assert outcome.passed
        assert "apt install chromium" in outcome.summary

    def test_fails_who_asked_for_it(self):
        (outcome,) = left_out(choose(["browser", "unit"]), by_name=True)

        assert not outcome.passed

    def test_fails_the_command_before_a_stack_is_started(self):
        answer = subprocess.run(
            [ROOT / "manage_all.sh", "test", "browser"], capture_output=True, text=True, check=False
        )

        assert answer.returncode == 1
        assert "there is no browser" in answer.stdout
        assert "ready" not in answer.stderr
