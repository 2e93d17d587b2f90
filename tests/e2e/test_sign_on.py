"""One sign-on over HTTP: staff of users in the console of transactions, and everybody else not."""

import os
import threading

import httpx
import jwt
import psycopg
import pytest

from common.ids import uuid7
from compose.local import manage
from compose.local.stack import stack_from
from tests.e2e.client import PASSWORD, sign_up
from tests.e2e.sign_on import (
    CLIENT,
    TRANSACTIONS,
    USERS,
    Flow,
    Window,
    changed,
    query_of,
    staff_make,
)
from tests.e2e.test_forged_tokens import PLACES, assert_nobody

TOPICS = f"{TRANSACTIONS}/admin/outbox/outboxmessage/topics/"
OF_OPERATORS = "outbox.read_topics"


def rows(service: str, query: str, *parameters: object) -> list[tuple]:
    with psycopg.connect(os.environ[f"{service.upper()}_MIGRATION_DATABASE_URL"]) as connection:
        return connection.execute(query, parameters).fetchall()


def roles_give(address: str, *roles: str) -> None:
    """Have a superuser change somebody's roles in the users console, by its dialog."""
    ((user_id,),) = rows("users", "SELECT id FROM user_account WHERE email = %s", address)
    boss = Window()
    boss.sign_in(USERS, "admin@example.com", os.environ["DEMO_ADMIN_PASSWORD"])
    page = f"{USERS}/admin/identity/user/{user_id}/assign-roles/"
    form = boss.http.get(page)
    token = boss.http.cookies["users_csrf"]
    answer = boss.http.post(
        page,
        data={
            "csrfmiddlewaretoken": token,
            "roles": roles,
            "reason": "another job",
            "confirm": "yes",
        },
        headers={"Referer": page},
    )
    assert (form.status_code, answer.status_code) == (200, 302), answer.text


def suspend(address: str) -> None:
    words = ("user_status", "suspend", address, "--reason", "left the house", "--actor", "carol")
    manage.run(stack_from(os.environ), "users", *words)


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture(scope="module")
def an_operator() -> str:
    """Somebody of staff whom no test changes."""
    return staff_make("operator")


@pytest.fixture
def operator(window, an_operator) -> str:
    """Them, signed in to the users console in the window."""
    assert window.sign_in(USERS, an_operator).status_code == 302
    return an_operator


@pytest.fixture
def someone(window) -> str:
    """An operator more, signed in like that; a test may do with them what it likes."""
    address = staff_make("operator")
    assert window.sign_in(USERS, address).status_code == 302
    return address


@pytest.fixture
def flow(window, operator) -> Flow:
    return Flow(window)


class TestStaff:
    def test_of_users_are_in_the_other_console_with_their_roles(self, window, someone):
        page = window.sign_on()

        assert (page.status_code, str(page.url)) == (200, f"{TRANSACTIONS}/admin/")
        assert window.http.get(TOPICS).status_code == 200
        found = rows(
            "transactions",
            "SELECT u.is_superuser, a.after FROM auth_user u"
            " JOIN staff_action a ON a.actor_id = u.id::text"
            " WHERE u.email = %s AND a.action = 'staff.sign_on'",
            someone,
        )
        assert found == [(False, {"staff": True, "roles": ["operator"]})]
        told = rows(
            "users",
            "SELECT e.detail FROM login_event e JOIN user_account u ON u.id = e.user_id"
            " WHERE u.email = %s AND e.type = 'signed_on'",
            someone,
        )
        assert told == [("transactions-console",)]

    def test_sign_in_to_users_on_the_way_and_come_back(self, window):
        address = staff_make("support")
        asked = window.http.get(window.leave())
        assert "/admin/login/?next=/admin/sign-on/authorize" in asked.headers["Location"]
        form = httpx.URL(USERS).join(asked.headers["Location"])
        page = window.http.get(form)
        assert TRANSACTIONS in page.headers["Content-Security-Policy"]
        token = window.http.cookies["users_csrf"]
        entered = window.http.post(
            form,
            data={
                "csrfmiddlewaretoken": token,
                "username": address,
                "password": PASSWORD,
                "next": form.params["next"],
            },
            headers={"Referer": str(form)},
            follow_redirects=True,
        )

        assert str(entered.url) == f"{TRANSACTIONS}/admin/"
        assert window.home() == 200

    def test_have_other_roles_at_their_next_sign_on(self, window, someone):
        window.sign_on()
        roles_give(someone, "support")
        window.forget(TRANSACTIONS)

        assert window.sign_on().status_code == 200

        assert window.http.get(TOPICS).status_code == 403
        roles_give(someone, "auditor")
        window.forget(TRANSACTIONS)
        window.sign_on()
        assert window.http.get(TOPICS).status_code == 200

    def test_without_a_role_are_sent_back_with_a_word(self, window, someone):
        roles_give(someone)

        page = window.sign_on()

        assert "has no role for you" in page.text
        assert window.home() == 302

    def test_who_are_suspended_get_no_code(self, window, someone):
        suspend(someone)

        assert "/admin/login/" in window.code(window.leave())
        assert window.home() == 302

    def test_who_are_suspended_before_their_code_is_shown_get_no_token(self, window, someone):
        flow = Flow(window)
        code = flow.code()
        suspend(someone)

        answer = flow.exchange(code)

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_become_nobody_who_has_their_address_here(self, window, someone):
        words = ("create_staff", someone, "--role", "auditor")
        stack = stack_from({**os.environ, "STAFF_PASSWORD": "another-horse-battery-staple"})
        manage.run(stack, "transactions", *words)

        window.sign_on()

        accounts = rows(
            "transactions",
            "SELECT username = email, password LIKE '!%%', array_agg(g.name::text) FROM auth_user u"
            " JOIN auth_user_groups m ON m.user_id = u.id JOIN auth_group g ON g.id = m.group_id"
            " WHERE email = %s GROUP BY u.id ORDER BY u.id",
            someone,
        )
        assert accounts == [(True, False, ["auditor"]), (False, True, ["operator"])]
        answer = Window().sign_in(TRANSACTIONS, someone)
        assert answer.status_code == 200  # their password of users is none of this console

    @pytest.mark.usefixtures("operator")
    def test_who_sign_out_are_told_of_the_other_console(self, window):
        window.sign_on()
        token = window.http.cookies["transactions_csrf"]

        page = window.http.post(
            f"{TRANSACTIONS}/admin/logout/",
            data={"csrfmiddlewaretoken": token},
            headers={"Referer": f"{TRANSACTIONS}/admin/"},
        )

        assert f'still signed in to <a href="{USERS}/admin/"' in page.text
        assert window.home() == 302


def test_a_customer_gets_no_further_than_the_form(window):
    somebody = sign_up()
    address = somebody.call("GET", "/api/v1/users/me").json()["email"]

    refused = window.sign_in(USERS, address)

    assert "Please enter the correct" in refused.text
    assert "/admin/login/" in window.code(window.leave())
    assert window.home() == 302


class TestBrowser:
    @pytest.mark.usefixtures("operator")
    def test_with_another_state_is_refused(self, window):
        back = window.code(window.leave())

        page = window.http.get(changed(back, state=f"x{query_of(back)['state'][1:]}"))
        page = window.http.get(f"{TRANSACTIONS}{page.headers['Location']}")

        assert "did not work" in page.text
        assert window.home() == 302

    @pytest.mark.usefixtures("operator")
    def test_of_somebody_else_takes_no_code(self, window):
        """Or they could be signed in as who sends them the address."""
        back = window.code(window.leave())
        other = Window()
        other.leave()

        page = other.http.get(back, follow_redirects=True)

        assert "did not work" in page.text
        assert other.home() == 302

    @pytest.mark.usefixtures("operator")
    def test_with_another_nonce_is_refused(self, window):
        back = window.code(changed(window.leave(), nonce="n" * 43))

        page = window.http.get(back, follow_redirects=True)

        assert "did not work" in page.text
        assert window.home() == 302

    @pytest.mark.usefixtures("operator")
    def test_that_shows_a_code_again_is_refused(self, window):
        back = window.code(window.leave())
        assert window.http.get(back, follow_redirects=True).status_code == 200

        page = window.http.get(back, follow_redirects=True)

        assert "did not work" in page.text

    @pytest.mark.usefixtures("operator")
    def test_is_led_nowhere_else(self, window):
        page = window.http.get(f"{TRANSACTIONS}/admin/login/?next=//evil.example/")
        token = window.http.cookies["transactions_csrf"]
        away = window.http.post(
            f"{TRANSACTIONS}/admin/sign-on/",
            data={"csrfmiddlewaretoken": token, "next": "//evil.example/", "process": "connect"},
            headers={"Referer": str(page.url)},
        ).headers["Location"]

        entered = window.http.get(window.code(away))

        assert entered.headers["Location"] == "/admin/"

    def test_from_elsewhere_begins_nothing(self):
        answer = httpx.post(f"{TRANSACTIONS}/admin/sign-on/", trust_env=False)

        assert answer.status_code == 403


class TestAuthorize:
    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("redirect_uri", "https://evil.example/"),
            ("redirect_uri", f"{TRANSACTIONS}/admin/sign-on/callback/../x"),
            ("redirect_uri", None),
            ("client_id", "somebody"),
            ("client_id", "a\x00b"),
            ("response_type", "token"),
            ("response_type", "code id_token"),
            ("scope", "openid email"),
            ("code_challenge", None),
            ("code_challenge", "short"),
            ("code_challenge_method", "plain"),
            ("code_challenge_method", None),
            ("nonce", None),
            ("state", None),
            ("state", "\u00e9" * 20),
            ("prompt", "login"),
            ("request", "x"),
            ("resource", "https://evil.example/a/../b"),
        ],
    )
    def test_takes_nothing_but_what_our_client_sends(self, window, flow, member, value):
        answer = window.http.get(changed(flow.address, **{member: value}))

        assert answer.status_code == 400, answer.text
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "Location" not in answer.headers

    def test_takes_no_member_twice(self, window, flow):
        assert window.http.get(f"{flow.address}&state=xxxxxxxxxxxxxxxx").status_code == 400

    def test_is_for_looking_only(self, window, flow):
        assert window.http.post(flow.address).status_code == 405


class TestExchange:
    def test_tells_of_staff_in_a_token_for_this_console(self, operator, flow):
        answer = flow.exchange(flow.code())

        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]
        claims = jwt.decode(answer.json()["id_token"], options={"verify_signature": False})
        assert claims["iss"] == f"{USERS}/sign-on"
        assert claims["aud"] == "transactions-console"
        assert claims["nonce"] == flow.nonce
        assert claims["exp"] - claims["iat"] == 60
        assert (claims["email"], claims["roles"], claims["amr"]) == (operator, ["operator"], [])

    def test_takes_a_code_once(self, flow):
        code = flow.code()
        assert flow.exchange(code).status_code == 200

        answer = flow.exchange(code)

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_takes_a_code_once_at_the_same_moment(self, flow):
        code = flow.code()
        together, statuses = threading.Barrier(6), []

        def show() -> None:
            together.wait()
            statuses.append(flow.exchange(code).status_code)

        threads = [threading.Thread(target=show) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(statuses) == [200, 400, 400, 400, 400, 400]

    @pytest.mark.parametrize(
        ("members", "error"),
        [
            ({"code_verifier": "v" * 64}, "invalid_grant"),
            ({"code_verifier": ""}, "invalid_request"),
            ({"redirect_uri": f"{TRANSACTIONS}/admin/"}, "invalid_request"),
            ({"code": "c" * 30}, "invalid_grant"),
            ({"code": "c\x00"}, "invalid_request"),
            ({"code": "c" * 3000}, "invalid_request"),
            ({"grant_type": "refresh_token"}, "invalid_request"),
            ({"grant_type": "client_credentials"}, "invalid_request"),
            ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "invalid_request"),
            ({"resource": "https://evil.example/a/../b"}, "invalid_request"),
        ],
    )
    def test_refuses_what_does_not_fit(self, flow, members, error):
        answer = flow.exchange(**{"code": flow.code(), **members})

        assert (answer.status_code, answer.json()["error"]) == (400, error)

    @pytest.mark.parametrize("client", [(CLIENT[0], "x" * 64), ("somebody", CLIENT[1]), ("", "")])
    def test_is_for_the_console_alone(self, flow, client):
        answer = flow.exchange(flow.code(), client=client)

        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_tokens_of_a_sign_on_are_none_of_the_api(flow):
    given = flow.exchange(flow.code()).json()

    with httpx.Client(timeout=15, trust_env=False) as http:
        for name in ("id_token", "access_token"):
            for place in PLACES:
                assert_nobody(http.get(place, headers={"Authorization": f"Bearer {given[name]}"}))


def test_what_is_internal_is_not_for_tokens(flow):
    given = flow.exchange(flow.code()).json()
    body = {"ids": [str(uuid7())]}

    for name in ("id_token", "access_token"):
        headers = {"Authorization": f"Bearer {given[name]}"}
        asked = f"{USERS}/internal/v1/staff/query"
        assert httpx.post(asked, json=body, headers=headers, trust_env=False).status_code == 401
