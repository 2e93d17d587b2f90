"""Holds a service's routes against its rules; both services' tests are these."""

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any, Protocol

from django.conf import settings

from common.ids import uuid7
from tests.policy.callers import CALLERS, METHODS, STRONGEST, Rule
from tests.policy.routes import CONSOLE, Route, has_ids, path_of

Ask = Callable[..., Any]
_NOT_OF_THE_OBJECT = {"X-Request-Id"}
_SIGN_IN, _SIGN_OUT = f"{CONSOLE}login/", f"{CONSOLE}logout/"
_SIGN_ON = f"{CONSOLE}sign-on/"


class Scene(Protocol):
    """Everybody, and something that each of them is or is not allowed."""

    def ask(self, caller: str, method: str, path: str, rule: Rule | None = None) -> Any: ...

    def ids(self, of: str) -> dict[str, object]: ...

    def state(self) -> object: ...


def without_rules(routes: Iterable[Route], rules: Sequence[Rule]) -> list[str]:
    """Routes and methods that nobody has decided about."""
    ruled = {(rule.pattern, rule.method) for rule in rules}
    return [
        f"{method} {route.pattern}"
        for route in routes
        for method in sorted(route.methods or {"GET"})
        if (route.pattern, method) not in ruled
    ]


def without_routes(routes: Iterable[Route], rules: Sequence[Rule]) -> list[str]:
    """Rules about what is not there any more, which would seem to protect something."""
    known = {route.pattern: route.methods for route in routes}
    return [
        str(rule)
        for rule in rules
        if rule.pattern not in known or rule.method not in (known[rule.pattern] or METHODS)
    ]


def assert_ruled(scene: Scene, rule: Rule) -> None:
    """Everybody gets what the rule owes them, and nothing changes where the answer is no."""
    assert set(rule.answers) == set(CALLERS), f"{rule} does not say what everybody gets"
    path = path_of(rule.pattern, scene.ids(rule.of))
    before = scene.state()
    for caller in CALLERS:
        answer = scene.ask(caller, rule.method, path, rule)
        told = f"{rule} by {caller}: {answer.status_code} {answer.content[:300]!r}"
        assert answer.status_code == rule.answers[caller], told
        after = scene.state()
        assert answer.status_code < 400 or after == before, told
        before = after


def assert_hidden(scene: Scene, rule: Rule) -> None:
    """What is somebody else's is answered like what does not exist, to the byte."""
    ids = scene.ids(rule.of)
    missing = {name: uuid7() for name in ids}
    for caller in (name for name in CALLERS if rule.answers[name] == 404):
        answers = [
            _told(scene.ask(caller, rule.method, path_of(rule.pattern, these), rule), these)
            for these in (ids, missing)
        ]
        assert answers[0] == answers[1], f"{rule} tells {caller} that there is something"


def _told(answer: Any, ids: dict[str, object]) -> tuple[int, str, dict[str, str]]:
    """An answer without what is different in every answer."""
    text = answer.content.decode()
    for value in ids.values():
        text = text.replace(str(value), "ID")
    document = json.loads(text)
    document.pop("request_id")
    headers = {k: v for k, v in answer.headers.items() if k not in _NOT_OF_THE_OBJECT}
    return answer.status_code, json.dumps(document), headers


def assert_no_other_method(scene: Scene, route: Route, rules: Sequence[Rule]) -> None:
    """A method without a rule is refused to everybody."""
    ruled = {rule.method for rule in rules if rule.pattern == route.pattern}
    of = next(rule.of for rule in rules if rule.pattern == route.pattern)
    path = path_of(route.pattern, scene.ids(of) if has_ids(route.pattern) else {})
    before = scene.state()
    for method in (name for name in METHODS if name not in ruled):
        for caller in STRONGEST:
            answer = scene.ask(caller, method, path)
            told = f"{method} {route.pattern} by {caller}: {answer.status_code}"
            if method == "OPTIONS" and answer.status_code == 200:
                assert not answer.content, f"{told}, with more than which methods there are"
            else:
                # allauth looks at the session and at the body before the method.
                assert answer.status_code in {400, 401, 404, 405, 409}, told
    assert scene.state() == before


def assert_console_is_closed(scene: Scene, console: Sequence[Route]) -> None:
    """
    Nobody gets at the console by anything that the API takes.

    Staff sign in to it; whatever is asked of it before that leads to the form.
    """
    before = scene.state()
    for route in console:
        for caller, method in product(STRONGEST, ("GET", "POST")):
            _assert_leads_to_the_form(scene, route, caller, method)
        assert scene.state() == before, route.pattern


def _places(route: Route) -> tuple[str, ...]:
    """Where the console may lead who is nobody."""
    if route.pattern == _SIGN_OUT:
        return (f"/{CONSOLE}",)
    # The button of one sign-on leads to the form of the other console.
    other = (f"{settings.TWIN_CONSOLE_URL}/{CONSOLE}",) if route.pattern == _SIGN_ON else ()
    return (f"/{_SIGN_IN}", *other)


def _assert_leads_to_the_form(scene: Scene, route: Route, caller: str, method: str) -> None:
    answer = scene.ask(caller, method, path_of(route.pattern, {}))
    told = f"{method} {route.pattern} by {caller}: {answer.status_code}"
    if route.pattern == _SIGN_IN:
        assert answer.status_code == 200, told
    elif answer.status_code == 302:
        assert answer["Location"].startswith(_places(route)), told
    else:
        assert answer.status_code in {403, 404, 405}, told
