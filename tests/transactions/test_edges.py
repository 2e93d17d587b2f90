import pytest
from django.test import Client

from tests.factories.events import ALICE
from tests.transactions.test_api import assert_problem
from tests.transactions.tokens import token_for

pytestmark = pytest.mark.django_db


class TestEdges:
    @pytest.mark.usefixtures("jwks")
    def test_refuses_other_methods(self, signing_key):
        headers = {"Authorization": f"Bearer {token_for(ALICE, signing_key)}"}
        for method in ("post", "put", "patch", "delete"):
            call = getattr(Client(), method)
            answer = call(
                "/api/v1/accounts", data=b"{}", content_type="application/json", headers=headers
            )
            assert_problem(answer, 405, "method_not_allowed")

    def test_answers_an_unknown_path_with_a_problem(self):
        assert_problem(Client().get("/api/v1/nothing"), 404, "not_found")

    def test_answers_health_without_a_token(self):
        assert Client().get("/healthz/live").status_code == 200
        assert Client().get("/healthz/ready").status_code == 200

    def test_describes_itself(self):
        schema = Client().get("/transactions/schema", headers={"Accept": "application/json"})
        page = Client().get("/transactions/docs")

        assert {
            "/api/v1/accounts",
            "/api/v1/accounts/{account_id}",
            "/api/v1/accounts/{account_id}/statement",
            "/api/v1/ledger/transactions/{transaction_id}",
        } == set(schema.json()["paths"])
        assert page.status_code == 200
        assert b"/transactions/static/" in page.content
        assert b"//cdn" not in page.content
