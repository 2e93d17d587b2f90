"""The whole matrix of the users service: every route, method and caller (A1, A2)."""

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from tests.policy.judging import (
    assert_console_is_closed,
    assert_hidden,
    assert_no_other_method,
    assert_ruled,
    without_routes,
    without_rules,
)
from tests.policy.routes import Route, routes
from tests.users.policy.rules import RULES
from tests.users.policy.scene import UsersScene

pytestmark = pytest.mark.django_db

API = [route for route in routes() if not route.is_console]
CONSOLE = [route for route in routes() if route.is_console]
HIDING = [rule for rule in RULES if rule.of and 404 in rule.answers.values()]


@pytest.fixture
def scene() -> UsersScene:
    return UsersScene()


def pattern(route: Route) -> str:
    return route.pattern


def test_every_route_and_method_has_a_rule():
    assert without_rules(API, RULES) == []


def test_every_rule_has_a_route():
    assert without_routes(API, RULES) == []


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_everybody_gets_what_the_rule_says(scene, rule):
    assert_ruled(scene, rule)


@pytest.mark.parametrize("rule", HIDING, ids=str)
def test_what_is_not_ones_own_is_like_nothing(scene, rule):
    assert_hidden(scene, rule)


@pytest.mark.parametrize("route", API, ids=pattern)
def test_no_other_method_is_open(scene, route):
    assert_no_other_method(scene, route, RULES)


def test_the_console_knows_no_access_token(scene):
    assert_console_is_closed(scene, CONSOLE)


def test_a_view_without_a_policy_answers_nobody(scene):
    class Forgotten(APIView):
        def get(self, request):  # noqa: ARG002  REST framework's signature
            return Response({"secret": 1})

    make, view = APIRequestFactory(), Forgotten.as_view()

    assert view(make.get("/forgotten")).status_code == 401
    for caller in ("owner", "treasury", "superuser"):
        headers = scene.headers[caller]
        assert view(make.get("/forgotten", headers=headers)).status_code == 403
