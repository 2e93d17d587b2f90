"""Every code that is answered is in the catalogue, and so in OpenAPI and docs/errors.md."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from common.api.catalogue import BY_STATUS, OF_THE_GATEWAY, Entry, catalogue, service_errors
from common.api.catalogue_outcomes import (
    AUTH_CODES,
    CLOSING_REFUSALS,
    FIELD_CODES,
    REJECTIONS,
)
from common.errors import Refused
from transactions.ledger.engine import Refusal

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("common", "users", "transactions")
# Forms of the consoles answer people, in sentences.
NOT_THE_API = ("migrations", "staff", "console_sign_in.py")
SOURCES = {
    path: ast.parse(path.read_text())
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if not set(NOT_THE_API) & set(path.parts)
}
DOCUMENTS = {
    service: json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text())
    for service in ("users", "transactions")
}
ENTRIES = [
    Entry(**entry) for document in DOCUMENTS.values() for entry in document["x-error-catalogue"]
]
PUBLISHED = {entry.code for entry in ENTRIES}
DISCARDED = "discarded_by_staff"


def classes() -> dict[str, tuple[ast.ClassDef, Path]]:
    """Every class of the sources by name."""
    return {
        node.name: (node, path)
        for path, tree in SOURCES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }


CLASSES = classes()


def is_service_error(name: str) -> bool:
    if name == "ServiceError":
        return True
    node, _ = CLASSES.get(name, (None, None))
    return node is not None and any(
        isinstance(base, ast.Name) and is_service_error(base.id) for base in node.bases
    )


def own(name: str) -> dict[str, str]:
    """The texts that a class sets itself."""
    node, _ = CLASSES[name]
    return {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in node.body
        if isinstance(statement, ast.Assign)
        and statement.targets[0].id in {"code", "when", "remedy"}
    }


ERRORS = sorted(
    name for name in CLASSES if is_service_error(name) and name not in {"ServiceError", "Refused"}
)


def calls(*functions: str) -> Iterator[tuple[Path, ast.Call]]:
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in functions:
                    yield path, node


def literal_codes(*functions: str, folder: str = "") -> set[str]:
    """The codes that calls of these functions name in their text."""
    return {
        keyword.value.value
        for path, call in calls(*functions)
        if folder in str(path)
        for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }


class TestErrorClass:
    @pytest.mark.parametrize("name", ERRORS)
    def test_says_when_and_what_to_do_and_is_published(self, name):
        texts = own(name)
        if "code" not in texts:
            return  # it is a case of the code it inherits

        published = [entry for entry in ENTRIES if entry.code == texts["code"]]

        assert texts["when"].endswith(".")
        assert texts["remedy"].endswith(".")
        assert any(texts["when"] in entry.when for entry in published)
        assert any(texts["remedy"] in entry.remedy for entry in published)

    def test_is_found_wherever_it_is_defined(self):
        assert len(ERRORS) > 25
        assert {"Backpressure", "ProfileChanged", "KeysUnavailable", "SealingRefused"} <= {*ERRORS}


class TestCatalogue:
    @pytest.mark.parametrize("service", ["users", "transactions"])
    def test_has_each_code_once(self, service):
        codes = [entry["code"] for entry in DOCUMENTS[service]["x-error-catalogue"]]

        assert len(codes) == len(set(codes))

    @pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
    def test_says_everything_of_each(self, entry):
        assert entry.title
        assert entry.when.endswith(".")
        assert entry.remedy.endswith(".")
        assert 400 <= entry.status < 600

    def test_has_what_views_name_themselves(self):
        assert literal_codes("problem", "problem_response") <= PUBLISHED

    def test_refuses_one_code_with_two_statuses(self):
        class Twin(Refused):
            code = "not_found"
            status = 410

        with pytest.raises(ValueError, match="not_found is 404 and 410"):
            catalogue([Twin])

    def test_has_the_errors_of_the_packages_asked_for_only(self):
        modules = {error.__module__.partition(".")[0] for error in service_errors("common")}

        assert modules == {"common"}


class TestGateway:
    def replies(self) -> list[dict]:
        config = yaml.safe_load((ROOT / "gateway" / "envoy.yaml").read_text())
        manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
        mappers = manager["typed_config"]["local_reply_config"]["mappers"]
        return [mapper["body_format_override"]["json_format"] for mapper in mappers]

    def test_answers_with_codes_and_titles_of_the_catalogue(self):
        general = {entry.code: entry for entry in (*BY_STATUS.values(), *OF_THE_GATEWAY)}

        for reply in self.replies():
            entry = general[reply["code"]]
            assert (reply["title"], reply["status"]) == (entry.title, entry.status)
            assert reply["type"] == f"urn:notion-api:problem:{entry.code}"

    def test_has_a_reply_for_each_code_of_its_own(self):
        codes = {reply["code"] for reply in self.replies()}

        assert {entry.code for entry in OF_THE_GATEWAY} <= codes


class TestOutcomes:
    def test_are_the_refusals_of_the_engine_and_of_staff(self):
        assert {one.code for one in REJECTIONS} == {*Refusal, DISCARDED}

    def test_of_closing_are_what_the_ledger_answers(self):
        tree = ast.parse((ROOT / "transactions" / "ledger" / "closing.py").read_text())
        refusal = next(
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name == "_refusal"
        )
        answered = {
            node.value.value
            for node in ast.walk(refusal)
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant)
        }

        assert {one.code for one in CLOSING_REFUSALS} == {*answered - {None}, DISCARDED}

    @pytest.mark.parametrize("table", [REJECTIONS, CLOSING_REFUSALS, FIELD_CODES, AUTH_CODES])
    def test_are_named_once_and_explained(self, table):
        codes = [one.code for one in table]

        assert len(codes) == len(set(codes))
        assert all(one.when.endswith(".") and one.remedy.endswith(".") for one in table)


class TestFieldCode:
    def test_is_explained_wherever_it_comes_from(self):
        failed = {call.args[0].value for _, call in calls("fail") if call.args}
        raised = literal_codes("ValidationError")

        assert failed | raised <= {one.code for one in FIELD_CODES}

    def test_below_auth_is_explained(self):
        named = literal_codes("_answer", "_Refused", folder="auth_requests.py")

        assert named <= {one.code for one in AUTH_CODES}
