"""The started stack, as staff see it in Chromium."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from compose.local import chromium
from tests.browser.books import Books, books_make, past_make
from tests.browser.consoles import SERVICES, Desk, desk, sign_in
from tests.browser.crawling import Crawl, cookies_of
from tests.browser.payloads import payloads
from tests.browser.people import (
    Person,
    admin,
    of_role,
    with_authenticator,
    with_local_authenticator,
)
from tests.browser.planted import plant_by_api, plant_by_kafka
from tests.browser.tables import contents, nobody_else_at_work

OPTIONS = [
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-proxy-server"),
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium.find()
    if program is None:
        pytest.fail(f"There is no browser; {chromium.ADVICE}.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def administrators() -> dict[str, Person]:
    """Who may do everything, in each console."""
    return {"users": with_authenticator(admin()), "transactions": with_local_authenticator(admin())}


@pytest.fixture(scope="session")
def person(administrators: dict[str, Person]) -> Callable[[str, str], Person]:
    """Somebody of a role in a console, with what they sign in with; `admin` may do everything."""
    factors = {"users": with_authenticator, "transactions": with_local_authenticator}

    @cache
    def find(service: str, role: str) -> Person:
        return administrators[service] if role == "admin" else factors[service](of_role(role))

    return find


@pytest.fixture(scope="session")
def state_of(browser: Browser, person: Callable[[str, str], Person]) -> Callable[[str, str], Any]:
    """The cookies of somebody of a role who signed in to a console, by hand."""

    @cache
    def state(service: str, role: str) -> Any:
        at = desk(browser, service)
        sign_in(at, person(service, role))
        kept = at.context.storage_state()
        at.context.close()
        return kept

    return state


@pytest.fixture(scope="session")
def signed_in(state_of: Callable[[str, str], Any]) -> dict[str, Any]:
    """The cookies of an administrator in each console."""
    return {service: state_of(service, "admin") for service in SERVICES}


@pytest.fixture
def opened() -> Iterator[list[Desk]]:
    """The browsers of a test; what their pages did wrong fails it."""
    desks: list[Desk] = []
    yield desks
    complaints = [text for at in desks for text in at.watch.complaints]
    for at in desks:
        at.context.close()
    assert complaints == []


@pytest.fixture
def sit_down(
    browser: Browser, state_of: Callable[[str, str], Any], opened: list[Desk]
) -> Callable[..., Desk]:
    """Open a console as somebody of a role, who has signed in before."""

    def open_desk(service: str, role: str = "admin", **options: Any) -> Desk:
        state = state_of(service, role)
        opened.append(desk(browser, service, **{"storage_state": state, **options}))
        return opened[-1]

    return open_desk


@pytest.fixture
def sign_in_as(browser: Browser, opened: list[Desk]) -> Callable[[Person], Desk]:
    """Open the console of users as somebody who signs in now."""

    def open_desk(somebody: Person) -> Desk:
        opened.append(desk(browser, "users"))
        sign_in(opened[-1], somebody)
        return opened[-1]

    return open_desk


@pytest.fixture(scope="session")
def books() -> Books:
    """The past of many people, and what Alice and Bob did just now."""
    past_make()
    return books_make()


@pytest.fixture(scope="session")
def planted(books: Books) -> set[str]:
    """Payloads everywhere, ordinary transactions beside them; the marks that the API took."""
    texts = payloads()
    accepted = plant_by_api(texts)
    for topic, source, database in (
        ("users.events", "/users", "TRANSACTIONS_MIGRATION_DATABASE_URL"),
        ("transactions.events", "/transactions", "USERS_MIGRATION_DATABASE_URL"),
    ):
        plant_by_kafka(texts, topic=topic, source=source, database=database)
    return accepted


@dataclass(frozen=True)
class Walk:
    """Every page that a console leads to, and its tables before and after they were read."""

    crawl: Crawl
    before: dict[str, str]
    after: dict[str, str]


# As many pages as it takes to see every payload; of others two of a kind are enough.
LIMITS = {
    "/admin/submissions/transactionrequest/*/change/": 40,
    "/admin/inbox/inboxwaiting/*/change/": 30,
}


@pytest.fixture(scope="session")
def walks(planted: set[str], signed_in: dict[str, Any]) -> dict[str, Walk]:
    """A walk through each console, while nobody else is at work."""
    walked = {}
    with nobody_else_at_work():
        for service in SERVICES:
            crawl = Crawl(service, cookies_of(signed_in[service]), LIMITS)
            before = contents(service)
            crawl.run()
            walked[service] = Walk(crawl, before, contents(service))
    return walked
