"""The permission matrix as tests; each service runs them with its own people and pages."""

from typing import Any, ClassVar

import pytest
from django.contrib import admin
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from common.staff import problem_pages
from common.staff.roles import ROLES, Role
from tests.common.staff.matrix import (
    PEOPLE,
    dialogs,
    disagreements,
    expected_offers,
    needed,
    offered,
    pages,
)


class PermissionMatrix:
    """`others` says what the pages need that only this service has; `make` makes a person."""

    others: ClassVar[dict[str, str]] = {}

    @pytest.fixture
    def make(self) -> Any:
        raise NotImplementedError

    @pytest.fixture
    def refusals_shown_once(self, monkeypatch):
        """Most answers are refusals, whose page is the same whatever was asked: one is enough."""
        page, shown = problem_pages._page, set()

        def page_once(request, status, words):
            if words in shown:
                return HttpResponse(status=status)
            answer = page(request, status, words)
            if answer is not None:  # it is somebody's who may be in the console at all
                shown.add(words)
            return answer

        monkeypatch.setattr(problem_pages, "_page", page_once)

    @pytest.mark.timeout(600)  # every page twice, on machines that do much else
    @pytest.mark.usefixtures("refusals_shown_once")
    @pytest.mark.parametrize("person", PEOPLE)
    def test_answers_everybody_as_roles_say(self, make, person):
        # Everything is one transaction here, also while a page waits for Kafka.
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        client = Client()
        if person != "nobody":
            client.force_login(make(person))

        found = disagreements(person, client, self.others)
        assert not found, "\n".join(found)

    def test_has_an_expectation_for_every_page(self):
        assert [name for name, _ in pages() if needed(name, self.others) is None] == []

    def test_expects_no_page_that_is_not_there(self):
        assert set(self.others) <= {name for name, _ in pages()}

    def test_expects_of_a_dialog_what_it_asks(self):
        assert {name: needed(name, self.others) for name, _ in dialogs()} == dict(dialogs())

    @pytest.mark.parametrize("person", ["staff", *Role, "superuser"])
    def test_offers_on_rows_what_roles_say(self, make, person):
        assert offered(make(person)) == expected_offers(person)

    def test_lets_every_role_read_every_list(self):
        for model in admin.site._registry:
            view = f"{model._meta.app_label}.view_{model._meta.model_name}"
            assert any(view in ROLES[role] for role in Role), view

    def test_edits_no_row_in_a_list(self):
        assert not [page for page in admin.site._registry.values() if page.list_editable]
