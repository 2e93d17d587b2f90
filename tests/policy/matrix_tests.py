"""The whole matrix as tests (A1, A2); each service runs them with its own scene and rules."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from tests.policy.callers import Rule
from tests.policy.judging import (
    assert_console_is_closed,
    assert_hidden,
    assert_no_other_method,
    assert_ruled,
    without_routes,
    without_rules,
)
from tests.policy.routes import Route, routes


class PolicyMatrix:
    """`rules` are the service's; its `scene` has everybody and what belongs to one of them."""

    rules: ClassVar[Sequence[Rule]]

    @pytest.fixture
    def scene(self) -> Any:
        raise NotImplementedError

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        hiding = [rule for rule in cls.rules if rule.of and 404 in rule.answers.values()]
        each = {"rule": cls.rules, "hiding_rule": hiding, "route": api()}
        for name in each.keys() & set(metafunc.fixturenames):
            metafunc.parametrize(name, each[name], ids=str)

    def test_every_route_and_method_has_a_rule(self):
        assert without_rules(api(), self.rules) == []

    def test_every_rule_has_a_route(self):
        assert without_routes(api(), self.rules) == []

    def test_everybody_gets_what_the_rule_says(self, scene, rule):
        assert_ruled(scene, rule)

    def test_what_is_not_ones_own_is_like_nothing(self, scene, hiding_rule):
        assert_hidden(scene, hiding_rule)

    def test_no_other_method_is_open(self, scene, route):
        assert_no_other_method(scene, route, self.rules)

    def test_the_console_knows_no_access_token(self, scene):
        assert_console_is_closed(scene, [route for route in routes() if route.is_console])

    def test_a_view_without_a_policy_answers_nobody(self, scene):
        class Forgotten(APIView):
            def get(self, request):  # noqa: ARG002  REST framework's signature
                return Response({"secret": 1})

        make, view = APIRequestFactory(), Forgotten.as_view()

        assert view(make.get("/forgotten")).status_code == 401
        for caller in ("owner", "treasury", "superuser"):
            headers = scene.headers[caller]
            assert view(make.get("/forgotten", headers=headers)).status_code == 403


def api() -> list[Route]:
    return [route for route in routes() if not route.is_console]
