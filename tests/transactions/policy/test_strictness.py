"""What comes to the transactions service is exactly the contract, or 4xx (A19, A25)."""

import pytest
from django.test import Client

from tests.factories.events import ALICE
from tests.policy import hostile
from tests.policy.forged_tokens import Mint
from tests.policy.routes import path_of
from tests.transactions.policy.rules import RULES
from tests.transactions.policy.scene import TransactionsScene

pytestmark = pytest.mark.django_db

READS = [
    rule for rule in RULES if rule.pattern.startswith("api/v1/") and 200 in rule.answers.values()
]
WRITES = {rule.pattern for rule in RULES if rule.method not in {"GET"}}
JSON = "application/json"


@pytest.fixture
def scene(jwks, signing_key) -> TransactionsScene:
    return TransactionsScene(Mint(signing_key.private, signing_key.kid, ALICE))


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("rule", READS, ids=str)
class TestRead:
    @pytest.mark.parametrize(
        ("query", "name"),
        [
            ("surprise=1", "surprise"),
            ("limit=1&limit=2", "limit"),
            ("owner__email=x", "owner__email"),
            ("ordering=-id", "ordering"),
            ("__class__=x", "__class__"),
            ("pk=1", "pk"),
            ("%00=1", "\x00"),
        ],
    )
    def test_knows_its_query_and_no_other(self, client, scene, rule, query, name):
        path = path_of(rule.pattern, scene.ids(rule.of))

        answer = client.get(f"{path}?{query}", headers=scene.bearer())

        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [name]

    def test_takes_no_notice_of_a_body_or_of_another_method_in_a_header(self, client, scene, rule):
        path, before = path_of(rule.pattern, scene.ids(rule.of)), scene.state()
        for override in hostile.OVERRIDES:
            headers = {**scene.bearer(), **override}

            answer = client.generic("GET", path, b"{", JSON, headers=headers)

            assert answer.status_code == 200
        assert scene.state() == before


@pytest.mark.parametrize("pattern", sorted(WRITES))
def test_internal_routes_take_strict_json_alone(client, scene, pattern):
    headers = scene.headers["peer"]

    def send(raw: bytes, kind: str = JSON) -> int:
        return client.generic("POST", f"/{pattern}", raw, kind, headers=headers).status_code

    assert send(b'{"ids": []}') == 200
    assert {send(raw) for raw in hostile.NOT_STRICT_JSON + hostile.NOT_AN_OBJECT} == {400}
    assert {send(raw, kind) for kind, raw in hostile.NOT_JSON} == {415}
    assert {send(raw) for raw in hostile.too_large()} == {413}
    assert send(b'{"ids": [], "more": 1}') == 400
