"""Whatever is not exactly the contract is 4xx, names what is wrong, leaves nothing (A3, A25)."""

import json

import pytest

from tests.policy import hostile
from tests.policy.routes import path_of
from tests.users.policy.rules import RULES
from tests.users.policy.scene import UsersScene
from tests.users.policy.writes import INTERNAL_WRITES, WRITES, Write, without_corpus

pytestmark = pytest.mark.django_db

KEYED = [write for write in WRITES if write.keyed]
READS = [rule for rule in RULES if rule.method == "GET" and rule.pattern.startswith("api/v1/")]
JSON = "application/json"
CALLER = {"paid": "receiver"}


@pytest.fixture
def scene() -> UsersScene:
    return UsersScene()


@pytest.fixture
def refused(scene):
    """
    Send what must be refused, as somebody who may; the names that the answer says are wrong.

    At the end of the test nothing is left of any of it.
    """

    def send(write: Write, raw: bytes, *, statuses=(400,), kind=JSON, query="", **headers):
        answer = sent(scene, write, raw, kind, query, headers)
        told = f"{write} {raw[:60]!r} {kind} {headers}: {answer.status_code} {answer.content!r}"
        assert answer.status_code in statuses, told
        assert answer["Content-Type"] == "application/problem+json", told
        return [error["field"] for error in answer.json()["errors"]]

    before = scene.state()
    yield send
    assert scene.state() == before


def sent(scene, write, raw, kind=JSON, query="", headers=None):
    keyed = {"Idempotency-Key": "k"} if write.keyed else {}
    return scene.client.generic(
        write.method,
        path_of(write.pattern, scene.ids(write.of)) + query,
        raw,
        kind,
        headers={**scene.headers[CALLER.get(write.of, "owner")], **keyed, **(headers or {})},
    )


def encoded(write: Write, **members: object) -> bytes:
    return json.dumps({**write.body, **members}).encode()


def test_every_route_that_takes_a_body_is_here():
    assert without_corpus() == set()


@pytest.mark.parametrize("write", WRITES, ids=str)
class TestBody:
    def test_that_is_right_is_taken(self, scene, write):
        """Or nothing below would prove anything."""
        assert sent(scene, write, encoded(write)).status_code in {200, 202}

    def test_that_is_not_strict_json_is_refused(self, refused, write):
        for raw in hostile.NOT_STRICT_JSON:
            refused(write, raw)

    def test_that_is_no_object_is_refused(self, refused, write):
        for raw in hostile.NOT_AN_OBJECT:
            refused(write, raw)

    def test_that_is_too_large_is_refused(self, refused, write):
        for raw in hostile.too_large(write.size_max):
            refused(write, raw, statuses=(413,))

    def test_of_another_type_is_refused(self, refused, write):
        for kind, raw in hostile.NOT_JSON:
            refused(write, raw, statuses=(415,), kind=kind)

    def test_with_a_content_coding_is_refused(self, refused, write):
        for coding in ("gzip", "br", "deflate", "gzip, identity", "x"):
            refused(write, encoded(write), statuses=(415,), **{"Content-Encoding": coding})

    def test_cannot_set_what_only_we_set(self, refused, write):
        """Any name of any column, and names of no column at all (mass assignment)."""
        for name in [*hostile.names_of_fields(), *hostile.STRANGE_NAMES]:
            if name not in write.known:
                named = [name[:100]] if name else []
                assert refused(write, encoded(write, **{name: 1})) == named

    def test_names_the_text_that_is_none(self, refused, write):
        for name in write.texts:
            for value in [*hostile.NOT_TEXT, *hostile.HIDDEN_TEXT, "x" * 501]:
                assert refused(write, encoded(write, **{name: value})) == [name], value

    def test_names_the_amount_that_is_none(self, refused, write):
        for name in write.amounts:
            for value in hostile.NOT_AN_AMOUNT:
                assert refused(write, encoded(write, **{name: value})) == [name], value


@pytest.mark.parametrize("write", WRITES, ids=str)
class TestAround:
    def test_a_write_has_no_query(self, refused, write):
        for name in ("amount", "limit", "access_token", "format", "_method"):
            assert refused(write, encoded(write), query=f"?{name}=1") == [name]

    def test_the_method_is_the_one_that_was_sent(self, scene, write):
        """Headers that speak of another are not looked at."""
        for override in hostile.OVERRIDES:
            answer = sent(scene, write, b"{", headers=override)
            assert answer.status_code == 400, override

    def test_an_id_that_is_none_is_not_found(self, scene, write):
        if not write.of:
            return
        right = str(next(iter(scene.ids(write.of).values())))
        for wrong in (
            *(right.upper(), right.replace("-", ""), f"{{{right}}}", f"{right}%00", f"{right}/"),
            *("1", "null", "-1", "%27%20OR%201=1", "..%2f", "%ff", "x" * 3000),
        ):
            path = path_of(write.pattern, {"transaction_id": wrong})
            headers = {**scene.headers["owner"], "Idempotency-Key": "k"}
            answer = scene.client.generic("POST", path, encoded(write), JSON, headers=headers)
            assert answer.status_code == 404, (wrong, answer.status_code)


@pytest.mark.parametrize("write", KEYED, ids=str)
def test_an_idempotency_key_that_is_none_is_named(refused, write):
    for key in hostile.BAD_KEYS:
        names = refused(write, encoded(write), **{"Idempotency-Key": key})
        assert names == ["Idempotency-Key"], key


@pytest.mark.parametrize(
    "text", ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u0645\u06cc\u200c\u0634\u0648\u062f"]
)
def test_joiners_are_for_prose_alone(scene, text):
    submit = next(write for write in WRITES if "reference" in write.known)

    refused = sent(scene, submit, encoded(submit, reference=text))
    taken = sent(scene, submit, encoded(submit, description=text, metadata={"a": text}))

    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == ["reference"]
    assert taken.json()["description"] == taken.json()["metadata"]["a"] == text


@pytest.mark.parametrize("tag", ["x", "W/", '"', "\x7f", '"a" "b', "\u00e9"])
def test_an_entity_tag_that_is_none_is_never_a_failure(refused, tag):
    profile = next(write for write in WRITES if write.method == "PATCH")

    refused(profile, encoded(profile), statuses=(400, 412), **{"If-Match": tag})


@pytest.mark.parametrize("rule", READS, ids=str)
def test_a_read_knows_its_query_and_no_other(scene, rule):
    path = path_of(rule.pattern, scene.ids(rule.of))
    for query, name in (
        ("surprise=1", "surprise"),
        ("limit=1&limit=2", "limit"),
        ("__class__=x", "__class__"),
        ("user__email=x", "user__email"),
        ("pk=1", "pk"),
        ("%00=1", "\x00"),
    ):
        answer = scene.client.get(f"{path}?{query}", headers=scene.headers["owner"])
        assert answer.status_code == 400, query
        assert [error["field"] for error in answer.json()["errors"]] == [name]


@pytest.mark.parametrize("pattern", INTERNAL_WRITES)
def test_internal_routes_are_as_strict(scene, pattern):
    def send(raw: bytes, kind: str = JSON) -> int:
        headers = scene.headers["peer"]
        return scene.client.generic("POST", f"/{pattern}", raw, kind, headers=headers).status_code

    assert send(b'{"ids": []}') == 200
    assert {send(raw) for raw in hostile.NOT_STRICT_JSON + hostile.NOT_AN_OBJECT} == {400}
    assert {send(raw, kind) for kind, raw in hostile.NOT_JSON} == {415}
    assert send(b'{"ids": [], "more": 1}') == 400
