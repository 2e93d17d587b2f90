"""Both admin consoles, signed in as the demo's staff; what must not change cannot be changed."""

import os
import re

import httpx
import psycopg
import pytest

SERVICES = ["users", "transactions"]
PAGES = {
    "users": [
        "identity/user",
        "submissions/transactionrequest",
        "outbox/outboxmessage",
        "outbox/outboxstream",
        "inbox/inboxwaiting",
    ],
    "transactions": [
        "ledger/account",
        "ledger/ledgertransaction",
        "ledger/posting",
        "ledger/journalentry",
        "outbox/outboxmessage",
        "inbox/inboxwaiting",
    ],
}
READ_ONLY = [
    (service, page) for service in SERVICES for page in PAGES[service] if page != "identity/user"
]


def sign_in(service):
    http = httpx.Client(
        base_url=os.environ[f"{service.upper()}_URL"], follow_redirects=True, trust_env=False
    )
    form = http.get("/admin/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)[1]
    answer = http.post(
        "/admin/login/?next=/admin/",
        data={
            "csrfmiddlewaretoken": token,
            "username": "admin@example.com",
            "password": os.environ["DEMO_ADMIN_PASSWORD"],
        },
        headers={"Referer": str(form.url)},
    )
    assert answer.status_code == 200
    assert "csrfmiddlewaretoken" not in answer.text or "/admin/logout/" in answer.text
    return http


@pytest.fixture(scope="module")
def consoles():
    return {service: sign_in(service) for service in SERVICES}


class TestConsole:
    @pytest.mark.parametrize("service", SERVICES)
    def test_asks_a_stranger_to_sign_in(self, service):
        answer = httpx.get(f"{os.environ[f'{service.upper()}_URL']}/admin/", trust_env=False)

        assert answer.status_code == 302
        assert "/admin/login/" in answer.headers["Location"]

    @pytest.mark.parametrize("service", SERVICES)
    def test_opens_home_and_every_list(self, consoles, service):
        for page in ["", *(f"{name}/" for name in PAGES[service])]:
            answer = consoles[service].get(f"/admin/{page}")
            assert answer.status_code == 200, page
            assert "Content-Security-Policy" in answer.headers

    @pytest.mark.parametrize(("service", "page"), READ_ONLY)
    def test_lets_not_even_a_superuser_add_or_delete(self, consoles, service, page):
        console = consoles[service]

        assert console.get(f"/admin/{page}/add/").status_code == 403
        first = re.search(
            rf'href="(/admin/{page}/[^"?]+/change/)', console.get(f"/admin/{page}/").text
        )
        if first:
            change = console.get(first[1])
            assert change.status_code == 200
            assert 'name="_save"' not in change.text
            assert console.get(first[1].replace("/change/", "/delete/")).status_code == 403


class TestApplicationRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE ledger_posting SET amount = amount + 1",
            "DELETE FROM ledger_posting",
            "TRUNCATE ledger_posting CASCADE",
            "UPDATE ledger_journal_entry SET code = 'changed'",
            "DELETE FROM ledger_journal_entry",
            "DROP TABLE ledger_posting",
            "ALTER TABLE ledger_posting DISABLE TRIGGER ALL",
        ],
    )
    def test_cannot_rewrite_the_books(self, statement):
        with (
            psycopg.connect(os.environ["TRANSACTIONS_DATABASE_URL"]) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


@pytest.mark.parametrize(
    "name", ["USERS_URL", "TRANSACTIONS_URL", "ENVOY_ADMIN_URL", "GATEWAY_URL"]
)
def test_everything_listens_on_loopback_by_default(name):
    assert "127.0.0.1" in os.environ[name]
