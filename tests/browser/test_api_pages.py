"""The pages of the API description as a browser shows them: whole, alone, and of use."""

import os
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.consoles import PATIENCE_MS, SERVICES, WINDOW
from tests.browser.watched import Watch, accessibility_complaints
from tests.e2e.client import Caller, sign_up

TRIED = {"users": "profile_get", "transactions": "accounts_list"}
"""An operation of each service that takes a token and nothing else."""
SWAGGER_UI = {
    "color-contrast",  # its greys and pastels come near the ratio, and stay below
    "nested-interactive",  # it has buttons in the summaries that open by a click
    "select-name",  # its choice of servers has a label that is not tied to it
}
REDOC = {
    "scrollable-region-focusable",  # its examples scroll, but not by keyboard; they wrap on demand
}


@pytest.fixture(scope="module")
def alice() -> Caller:
    return sign_up()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Open a page of the gateway; what it does wrong, or asks of another host, fails the test."""
    gateway = os.environ["GATEWAY_URL"]
    context = browser.new_context(base_url=gateway, viewport=WINDOW)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    watch, asked = Watch(page), set[tuple[str, str]]()
    page.on("request", lambda request: asked.add(urlsplit(request.url)[:2]))

    def opened(path: str) -> Page:
        page.goto(path, wait_until="load")
        return page

    yield opened
    context.close()
    assert watch.complaints == []
    assert {(scheme, host) for scheme, host in asked if host} == {urlsplit(gateway)[:2]}


def operations(service: str) -> list[str]:
    """The ids of all operations of a service, as it describes them itself."""
    described = httpx.get(
        f"{os.environ['GATEWAY_URL']}/{service}/schema",
        headers={"Accept": "application/vnd.oai.openapi+json"},
        timeout=60,
        trust_env=False,
    ).json()
    return [one["operationId"] for item in described["paths"].values() for one in item.values()]


def grave_issues(page: Page) -> set[str]:
    """The rules of axe-core that a page breaks in earnest."""
    return {text.split(": ")[2] for text in accessibility_complaints(page)}


@pytest.mark.parametrize("service", SERVICES)
class TestPages:
    def test_to_try_sends_requests_with_a_token(self, visit, alice, service):
        page = visit(f"/{service}/docs")
        expect(page.locator(".opblock")).to_have_count(
            len(operations(service)), timeout=PATIENCE_MS
        )
        expect(page.get_by_role("link", name="to read")).to_have_attribute(
            "href", f"/{service}/docs/redoc"
        )
        assert grave_issues(page) <= SWAGGER_UI

        page.get_by_role("button", name="Authorize").first.click()
        dialog = page.locator(".modal-ux")
        dialog.get_by_label("Value").first.fill(alice.token or "")
        dialog.get_by_role("button", name="Apply credentials").first.click()
        dialog.get_by_role("button", name="Close").first.click()
        operation = page.locator(f".opblock[id$='-{TRIED[service]}']")
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()

        answer = operation.locator(".live-responses-table")
        expect(answer.locator(".response-col_status").nth(1)).to_have_text(re.compile("^200"))
        if service == "users":
            expect(answer).to_contain_text(alice.id)

    def test_to_read_shows_every_operation(self, visit, service):
        page = visit(f"/{service}/docs/redoc")

        sections = page.locator("[data-section-id*='/operation/']")
        expect(sections).to_have_count(len(operations(service)), timeout=PATIENCE_MS)
        expect(page.get_by_role("link", name="to try")).to_have_attribute(
            "href", f"/{service}/docs"
        )
        assert grave_issues(page) <= REDOC

    def test_of_events_shows_every_event(self, visit, service):
        page = visit(f"/{service}/docs/events")

        expect(page.get_by_role("heading", name="transaction_created.v1")).to_be_visible()
        assert grave_issues(page) == set()
