"""People of the staff, with what they sign in with."""

import os
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import httpx

from compose.local import manage
from compose.local.stack import stack_from
from tests.browser.authenticator import Telephone
from tests.e2e.client import PASSWORD


@dataclass(frozen=True)
class Person:
    """Somebody who may be in a console; `telephone` shows the codes of that console."""

    email: str
    password: str
    telephone: Telephone | None = None


def admin() -> Person:
    """The demo's administrator, as `up` made them."""
    return Person("admin@example.com", os.environ["DEMO_ADMIN_PASSWORD"])


def of_role(role: str) -> Person:
    """The demo's member of staff with a role."""
    return Person(f"{role}@example.com", os.environ[f"DEMO_{role.upper()}_PASSWORD"])


def colleague(name: str, role: str) -> Person:
    """Somebody more of a role in the console of users, made as docs/staff.md says."""
    person = Person(f"{name}@example.com", PASSWORD)
    stack = stack_from({**os.environ, "STAFF_PASSWORD": person.password})
    manage.run(stack, "users", "create_staff", person.email, "--role", role)
    return person


def with_authenticator(person: Person) -> Person:
    """Set a second factor up for somebody of users, as docs/identity.md says."""
    credentials = {"email": person.email, "password": person.password}
    with httpx.Client(
        base_url=f"{os.environ['GATEWAY_URL']}/api/v1/auth/", timeout=15, trust_env=False
    ) as http:
        signed_in = http.post("login", json=credentials)
        assert signed_in.status_code == HTTPStatus.OK, signed_in.text
        session = {"X-Session-Token": signed_in.json()["meta"]["session_token"]}
        shown = http.get("account/authenticators/totp", headers=session)
        assert shown.status_code == HTTPStatus.NOT_FOUND, shown.text
        telephone = Telephone(shown.json()["meta"]["secret"])
        again = http.post("reauthenticate", json={"password": person.password}, headers=session)
        assert again.status_code == HTTPStatus.OK, again.text
        answer = http.post(
            "account/authenticators/totp", json={"code": telephone.code()}, headers=session
        )
        assert answer.status_code == HTTPStatus.OK, answer.text
    return Person(person.email, person.password, telephone)


def with_local_authenticator(person: Person) -> Person:
    """Have an operator give somebody of the transactions console a second factor."""
    words = ("staff_authenticator", person.email, "--reason", "a new telephone")
    url = manage.run(stack_from(os.environ), "transactions", *words).splitlines()[0]
    (secret,) = parse_qs(urlsplit(url).query)["secret"]
    return Person(person.email, person.password, Telephone(secret))
