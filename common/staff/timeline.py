"""
The road of one transaction, as staff read it: steps in the order of cause and effect.

Times come from the clocks of several machines, so a step may seem to be before its cause; it is
never sorted by its time. What each service knows of a road is in its own `timeline.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID

from common.adminkit import TONES, duration_shown, status_text, text_visible, time_shown
from common.api.catalogue_outcomes import REJECTIONS
from common.console import Tone

_MEANINGS = {outcome.code: outcome.when for outcome in REJECTIONS}


class Fact(NamedTuple):
    """A value with its name; one that is `copied` has a button for that."""

    name: str
    value: str
    url: str = ""
    copied: bool = False

    @classmethod
    def of_id(cls, name: str, value: object, *, url: str = "") -> Self:
        """An id, to be looked up elsewhere."""
        return cls(name, str(value), url, copied=True)


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    Something that happened at a time, None where nobody kept it; or that is yet to come.

    Of what is `awaited`, `at` is since when. `word` is a status, and stands beside its `tone`.
    """

    title: str
    at: datetime | None
    says: str = ""
    word: str = ""
    tone: Tone = ""
    facts: Sequence[Fact] = ()
    awaited: bool = False


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """The steps of a request or of one command about it."""

    title: str
    steps: Sequence[Step]
    facts: Sequence[Fact] = ()

    @property
    def begun_at(self) -> datetime | None:
        """The first time that is known."""
        return next((step.at for step in self.steps if step.at is not None), None)


class Obstacle(NamedTuple):
    """What stands in the way of the next step."""

    title: str
    says: str
    url: str = ""


class RawEvent(NamedTuple):
    """An event as it was sent or received; `data` is shown as text."""

    title: str
    data: bytes | memoryview | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a transaction is about, at a glance."""

    amount: str
    kind: str
    word: str
    says: str = ""
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with a verdict in words; `empty` says why there is nothing in it."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]
    word: str = ""
    tone: Tone = ""
    empty: str = ""


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Everything about one transaction; `left_out` are older commands that are not shown."""

    summary: Summary
    chapters: Sequence[Chapter]
    obstacles: Sequence[Obstacle] = ()
    tables: Sequence[Table] = ()
    events: Sequence[RawEvent] = ()
    left_out: bool = False


def refusal_in_words(code: str) -> str:
    """What a rejection code means; the code itself where nobody has said so."""
    meaning = _MEANINGS.get(code)
    return f"{code}: {meaning}" if meaning else code


def published_facts(
    *, event_id: UUID | None, partition: int | None, offset: int | None
) -> Iterator[Fact]:
    """Where in Kafka an event is, as far as it is known."""
    if partition is not None and offset is not None:
        yield Fact("Kafka", f"partition {partition}, offset {offset}")
    if event_id is not None:
        yield Fact.of_id("Event", event_id)


def chapters_shown(chapters: Sequence[Chapter], *, now: datetime) -> list[dict[str, Any]]:
    """What the template shows of each chapter: text that is visible, times, and gaps."""
    begun_at = chapters[0].begun_at if chapters else None
    return [
        {
            "title": chapter.title,
            "facts": facts_shown(chapter.facts),
            "later": "" if number == 0 else _later(begun_at, chapter.begun_at),
            "steps": list(_steps_shown(chapter.steps, now)),
        }
        for number, chapter in enumerate(chapters)
    ]


def _steps_shown(steps: Sequence[Step], now: datetime) -> Iterator[dict[str, Any]]:
    before: datetime | None = None
    for step in steps:
        yield {
            "title": text_visible(step.title),
            "says": text_visible(step.says),
            "word": step.word,
            "tone": step.tone,
            "awaited": step.awaited,
            "time": _time_of(step),
            "gap": _waiting(step.at, now) if step.awaited else gap_shown(before, step.at),
            "facts": facts_shown(step.facts),
        }
        before = step.at or before


def gap_shown(before: datetime | None, at: datetime | None) -> str:
    """How long after the step before; a negative time says why it can be."""
    if before is None or at is None:
        return ""
    gap = duration_shown(at - before)
    return f"+{gap}" if at >= before else f"{gap}: the clocks differ"


def _time_of(step: Step) -> str:
    if step.awaited:
        return ""
    return "time not kept" if step.at is None else time_shown(step.at)


def _waiting(since: datetime | None, now: datetime) -> str:
    return "" if since is None else f"for {duration_shown(now - since)}"


def _later(begun_at: datetime | None, at: datetime | None) -> str:
    if begun_at is None or at is None or at < begun_at:
        return ""
    return f"{duration_shown(at - begun_at)} after the request"


def facts_shown(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """What the template shows of facts; the value itself is for the button that copies it."""
    return [{**fact._asdict(), "shown": text_visible(fact.value)} for fact in facts]


def summary_shown(summary: Summary) -> dict[str, Any]:
    """What the template shows of a summary."""
    return {
        "amount": summary.amount,
        "kind": summary.kind,
        "word": status_text(summary.word),
        "tone": TONES.get(summary.word, ""),
        "says": text_visible(summary.says),
        "facts": facts_shown(summary.facts),
    }
