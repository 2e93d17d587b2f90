"""The started stack, as staff see it in Chromium."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from compose.local import chromium
from tests.browser.consoles import SERVICES, Desk, desk, sign_in
from tests.browser.people import (
    Person,
    admin,
    with_authenticator,
    with_local_authenticator,
)

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
def signed_in(browser: Browser, administrators: dict[str, Person]) -> dict[str, Any]:
    """The cookies of an administrator who signed in to each console, by hand."""
    kept = {}
    for service in SERVICES:
        at = desk(browser, service)
        sign_in(at, administrators[service])
        kept[service] = at.context.storage_state()
        at.context.close()
    return kept


@pytest.fixture
def sit_down(browser: Browser, signed_in: dict[str, Any]) -> Iterator[Callable[..., Desk]]:
    """Open a console as its administrator; what its pages did wrong fails the test."""
    opened: list[Desk] = []

    def open_desk(service: str, **options: Any) -> Desk:
        opened.append(desk(browser, service, storage_state=signed_in[service], **options))
        return opened[-1]

    yield open_desk
    complaints = [text for at in opened for text in at.watch.complaints]
    for at in opened:
        at.context.close()
    assert complaints == []
