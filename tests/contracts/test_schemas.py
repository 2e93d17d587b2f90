"""What is committed about the events: schemas, AsyncAPI, and the gate that compares them."""

import copy
import json
import os
import shutil
import subprocess

import jsonschema
import pytest

from common.events.contracts import EVENT_TYPES
from common.events.envelope import headers_decode, headers_encode
from common.events.gate import Baseline, baselines_find, refusals
from common.events.json_schema import event_schema, event_schemas
from common.events.schemas import (
    DOCUMENTS,
    ROOT,
    asyncapi_published,
    documents_build,
    documents_differ,
    documents_write,
)
from tests.factories.events import envelope

GOLDEN = ROOT / "tests" / "contracts" / "golden"


@pytest.fixture
def tree_with_golden(tmp_path):
    """A tree that holds the golden files and nothing else."""
    shutil.copytree(GOLDEN, tmp_path / "tests" / "contracts" / "golden")
    return tmp_path


class TestDocuments:
    def test_are_committed_as_the_contracts_give_them(self):
        assert documents_differ() == []

    def test_are_the_same_bytes_whenever_they_are_built(self):
        assert documents_build() == documents_build()

    def test_are_written_once(self, tree_with_golden):
        first = documents_write(tree_with_golden)

        assert len(first) == len(EVENT_TYPES) + 2
        assert documents_differ(tree_with_golden) == []
        assert documents_write(tree_with_golden) == []

    def test_show_as_a_diff_what_was_changed_by_hand(self, tree_with_golden):
        documents_write(tree_with_golden)
        file = tree_with_golden / DOCUMENTS / "account_opened.v1.json"
        file.write_text(file.read_text().replace("uuid", "text", 1))

        lines = documents_differ(tree_with_golden)

        assert '-      "format": "text"' in lines
        assert '+      "format": "uuid"' in lines

    def test_show_what_no_contract_gives(self, tree_with_golden):
        documents_write(tree_with_golden)
        (tree_with_golden / DOCUMENTS / "rain.v1.json").write_text("{}")

        assert "--- docs/events/rain.v1.json as it is" in documents_differ(tree_with_golden)

    def test_are_served_with_the_examples_that_were_committed(self):
        committed = json.loads((ROOT / DOCUMENTS / "asyncapi.json").read_bytes())

        assert asyncapi_published() == committed


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
class TestSchemaOfAnEvent:
    def test_holds_for_its_golden_file(self, event_type):
        schema = event_schema(EVENT_TYPES[event_type])
        data = json.loads((GOLDEN / f"{event_type}.json").read_bytes())

        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(data)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate({})

    def test_is_named_by_the_header_of_its_events(self, event_type):
        headers = dict(headers_encode(envelope(type=event_type)))

        assert headers["ce_dataschema"].decode() == event_schema(EVENT_TYPES[event_type])["$id"]


class TestSchemas:
    def test_say_patterns_as_other_languages_read_them(self):
        text = json.dumps(event_schemas())

        assert '"^[A-Z]{3}$"' in text
        assert r"\\Z" not in text

    def test_have_no_word_that_json_schema_does_not_know(self):
        assert "discriminator" not in json.dumps(event_schemas())


class TestAsyncApi:
    document = asyncapi_published()

    def test_refers_to_what_is_there_only(self):
        for target in references(self.document):
            node = self.document
            for step in target.removeprefix("#/").split("/"):
                node = node[step]

    def test_has_every_event_sent_and_received_once(self):
        for action in ("send", "receive"):
            names = [
                message["$ref"].rpartition("/")[2]
                for operation in self.document["operations"].values()
                if operation["action"] == action
                for message in operation["messages"]
            ]
            assert sorted(names) == sorted(EVENT_TYPES)

    def test_has_an_example_of_every_event_that_its_schemas_allow(self):
        for message in self.document["components"]["messages"].values():
            (example,) = message["examples"]
            for part in ("headers", "payload"):
                whole = {**message[part], "components": self.document["components"]}
                jsonschema.Draft202012Validator(whole).validate(example[part])
            headers_decode([(name, text.encode()) for name, text in example["headers"].items()])

    def test_knows_every_header_that_is_sent(self):
        known = self.document["components"]["schemas"]["EventHeaders"]
        most = envelope(causation_id="a-cause", traceparent="00-1-2-01")

        assert list(known["properties"]) == [name for name, _ in headers_encode(most)]
        assert known["required"] == [name for name, _ in headers_encode(envelope())]


def references(node) -> list[str]:
    """Every reference in a document."""
    if isinstance(node, list):
        return [target for item in node for target in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [target for item in node.values() for target in references(item)]


class TestRefusals:
    def test_names_the_version_that_was_removed(self):
        today = event_schemas()
        gone = today.pop("user_registered.v1")

        (line,) = refusals(Baseline("a tag", {"user_registered.v1": gone, **today}), today)

        assert line.startswith("user_registered.v1: the version was removed")

    def test_names_the_version_whose_member_changed(self):
        today = event_schemas()
        old = copy.deepcopy(today)
        old["transaction_posted.v1"]["$defs"]["PostedLeg"]["properties"]["amount"]["maximum"] = 5

        (line,) = refusals(Baseline("a tag", old), today)

        assert line.startswith("transaction_posted.v1: postings[].amount: the rule `maximum`")

    def test_leaves_new_versions_alone(self):
        assert refusals(Baseline("a tag", {}), event_schemas()) == []


def git(root, *words) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    command = [shutil.which("git"), "-C", root, *identity, *words]
    subprocess.run(command, check=True, capture_output=True, env=environment)


@pytest.fixture
def tree(tmp_path):
    """An exported tree with one schema."""
    folder = tmp_path / "tree" / DOCUMENTS
    folder.mkdir(parents=True)
    (folder / "sample.v1.json").write_text('{"title": "first"}')
    (folder / "asyncapi.json").write_text("{}")
    return tmp_path / "tree"


def titles(root) -> list[tuple[str, str]]:
    return [
        (found.name.partition(" (")[0], found.schemas["sample.v1"]["title"])
        for found in baselines_find(root)
    ]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
class TestBaselines:
    def commit(self, tree, title):
        (tree / DOCUMENTS / "sample.v1.json").write_text(json.dumps({"title": title}))
        git(tree, "add", ".")
        git(tree, "commit", "-m", title)

    def test_are_the_files_where_there_is_no_git(self, tree):
        assert titles(tree) == [("docs/events", "first")]

    def test_are_the_files_where_no_program_is_called_git(self, tree, monkeypatch):
        monkeypatch.setenv("PATH", str(tree))

        assert titles(tree) == [("docs/events", "first")]

    def test_are_the_files_in_a_repository_that_does_not_hold_them(self, tree):
        git(tree, "init", "-b", "main")
        git(tree, "commit", "--allow-empty", "-m", "empty")

        assert titles(tree) == [("docs/events", "first")]

    def test_are_what_was_committed_and_not_what_lies_there(self, tree):
        git(tree, "init", "-b", "main")
        self.commit(tree, "committed")
        (tree / DOCUMENTS / "sample.v1.json").write_text('{"title": "changed"}')

        assert titles(tree) == [("HEAD", "committed")]

    def test_are_also_the_parent_the_main_branch_and_the_tag_before(self, tree):
        git(tree, "init", "-b", "main")
        self.commit(tree, "released")
        git(tree, "tag", "v1")
        self.commit(tree, "on main")
        git(tree, "switch", "-c", "a-branch")
        self.commit(tree, "one")
        self.commit(tree, "two")

        assert titles(tree) == [
            ("HEAD", "two"),
            ("HEAD^", "one"),
            ("merge base with main", "on main"),
            ("v1", "released"),
        ]

    def test_are_the_one_commit_of_a_shallow_clone(self, tree, tmp_path_factory):
        git(tree, "init", "-b", "main")
        self.commit(tree, "old")
        self.commit(tree, "new")
        clone = tmp_path_factory.mktemp("clone")
        git(clone, "clone", "--depth", "1", tree.as_uri(), ".")

        assert titles(clone) == [("HEAD", "new")]

    def test_are_found_below_the_top_of_a_repository(self, tree):
        git(tree.parent, "init", "-b", "main")
        self.commit(tree, "committed")

        assert titles(tree) == [("HEAD", "committed")]
