"""How somebody gets into a console, around in it, and out again."""

import os
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.people import Person
from tests.browser.watched import Watch

SERVICES = ("users", "transactions")
PATIENCE_MS = 60_000
"""For a machine with other work on it."""
WINDOW = {"width": 1440, "height": 900}
SIDEBAR_LINKS = "#nav-sidebar-apps a[href^='/admin/']"


@dataclass(frozen=True)
class Desk:
    """One person's browser in one console: its own cookies, and the page they look at."""

    context: BrowserContext
    page: Page
    watch: Watch

    def opens(self, path: str) -> None:
        """Go to a page of the console, and wait until its scripts have run."""
        self.page.goto(path, wait_until="load")
        self.page.wait_for_function("() => !document.documentElement.hasAttribute('x-cloak')")

    def sidebar(self) -> list[str]:
        """The addresses that the sidebar leads to."""
        links = self.page.locator(SIDEBAR_LINKS)
        return list(dict.fromkeys(str(link.get_attribute("href")) for link in links.all()))


def desk(browser: Browser, service: str, **options: Any) -> Desk:
    """A browser in front of a console, signed in where `storage_state` is somebody's."""
    context = browser.new_context(
        base_url=os.environ[f"{service.upper()}_URL"], **{"viewport": WINDOW, **options}
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    return Desk(context, page, Watch(page))


def sign_in(at: Desk, person: Person) -> None:
    """Go to the way in, and see the home page."""
    at.opens("/admin/login/")
    fill_in(at, person)
    expect(at.page).to_have_url(f"{at.page.url.split('/admin/')[0]}/admin/", timeout=PATIENCE_MS)


def fill_in(at: Desk, person: Person) -> None:
    """Fill the form in as its labels say."""
    at.page.get_by_label("Username").or_(at.page.get_by_label("Email")).fill(person.email)
    at.page.get_by_label("Password").fill(person.password)
    if person.telephone:
        at.page.get_by_label("Code of your authenticator").fill(person.telephone.code())
    at.page.get_by_role("button", name="Log in").click()
