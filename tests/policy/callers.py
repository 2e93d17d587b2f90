"""
Everybody who may call a route, and how the answers they are owed are written down.

A group of staff is added by one name here, one caller in each service's scene, and the answers
that differ in the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN = ("anonymous", "expired", "other audience", "console session", "peer")
"""Who shows no access token that counts: for the public API they are nobody."""

PEOPLE = ("other", "suspended", "staff", "superuser", "treasury", "receiver", "owner")
"""Whoever shows a good access token; those who may change something come last."""

CALLERS = (*UNKNOWN, *PEOPLE)

STRONGEST = ("anonymous", "peer", "superuser", "treasury", "owner")
"""Enough of them where who asks cannot matter: who may least, and who may most in some way."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

Answers = Mapping[str, int]


@dataclass(frozen=True)
class Rule:
    """
    What everybody is answered on one route and method.

    `of` names the object of the scene that the route's ids mean; with several, a route has a
    rule for each. `body` is a good one, so that nothing but who asks decides.
    """

    method: str
    pattern: str
    answers: Answers
    of: str = ""
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, self.pattern, self.of)))


def callers(status: int, **others: int) -> Answers:
    """Everybody with an access token gets `status`, but for those named; nobody else anything."""
    return {**dict.fromkeys(UNKNOWN, 401), **dict.fromkeys(PEOPLE, status), **others}


def object_of(**those: int) -> Answers:
    """Those named get what they are owed; for everybody else there is no such thing."""
    return callers(404, **those)


def everybody(status: int) -> Answers:
    """No token is asked for, and none is looked at."""
    return dict.fromkeys(CALLERS, status)


def peer(status: int) -> Answers:
    """The other service alone; an access token means nothing here."""
    return {**dict.fromkeys(CALLERS, 401), "peer": status}
