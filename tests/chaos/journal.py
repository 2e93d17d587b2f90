"""What clients were told, written down by the clients: the yardstick of every check."""

import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx

from tests.chaos.people import Person
from tests.e2e.client import wait_for

ANSWER_WITHIN_S = 60
ANSWERS_LATER = frozenset({401, 429, 502, 503, 504})


@dataclass(frozen=True)
class Asked:
    """A request under its key, as often as it was asked; `path` says what a command is about."""

    person: Person
    key: str
    order: dict[str, object]
    path: str = ""
    attempts: int = 1


@dataclass(frozen=True)
class Accepted:
    """A transaction or command whose id, and the place where it is shown, a client was told."""

    asker: str
    key: str
    id: str
    location: str
    attempts: int
    unknown_before: bool = False


@dataclass
class Journal:
    """
    Every request is in one of three lists: `accepted` (ok), `unknown` (no answer, or one that
    says to try again), `failed` (an answer that nobody should get). `unanswered` counts why
    single attempts have no answer.
    """

    accepted: list[Accepted] = field(default_factory=list)
    unknown: list[Asked] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unanswered: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, asked: Asked, *, attempts_max: int) -> Accepted | None:
        """
        Ask up to so many times at once, as impatient clients do, and write down the end.

        Returns what was accepted, None when nothing was or nobody knows.
        """
        for attempt in range(1, attempts_max + 1):
            answer = asked.person.ask(asked.key, asked.order, asked.path)
            if isinstance(answer, httpx.Response) and answer.status_code not in ANSWERS_LATER:
                return self._note(asked, answer, attempt)
            with self._lock:
                self.unanswered[_reason(answer)] += 1
        with self._lock:
            self.unknown.append(asked)
        return None

    def resolve(self, asked: Iterable[Asked]) -> None:
        """Ask what is unknown again under the same keys, until every one has an answer."""
        for each in asked:

            def look(each: Asked = each) -> httpx.Response | None:
                answer = each.person.ask(each.key, each.order, each.path)
                if isinstance(answer, httpx.Response) and answer.status_code not in ANSWERS_LATER:
                    return answer
                return None

            answer = wait_for(f"an answer for {each.key}", look, deadline_s=ANSWER_WITHIN_S)
            self._note(each, answer, each.attempts + 1, unknown_before=True)

    def _note(
        self, asked: Asked, answer: httpx.Response, attempts: int, *, unknown_before: bool = False
    ) -> Accepted | None:
        with self._lock:
            if answer.status_code != httpx.codes.ACCEPTED:
                self.failed.append(f"{answer.status_code}: {answer.text[:300]}")
                return None
            accepted = Accepted(
                asker=asked.person.id,
                key=asked.key,
                id=answer.json()["id"],
                location=answer.headers["Location"],
                attempts=attempts,
                unknown_before=unknown_before,
            )
            self.accepted.append(accepted)
            return accepted


def _reason(answer: httpx.Response | httpx.TransportError) -> str:
    if isinstance(answer, httpx.TransportError):
        return type(answer).__name__
    said = re.search(r'"code": ?"(\w+)"', answer.text)
    return f"{answer.status_code} {said[1] if said else ''}".strip()
