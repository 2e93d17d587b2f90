"""One sign-on in a real browser: from one console to the other and back, with a second factor."""

import os
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from common.ids import uuid7
from compose.local import manage
from compose.local.stack import stack_from
from tests.browser.consoles import PATIENCE_MS, Desk, desk, fill_in
from tests.browser.people import Person, colleague, with_authenticator
from tests.browser.watched import accessibility_complaints
from tests.e2e.client import wait_for

BUTTON = "Sign in with the users console"
TOPICS = "/admin/outbox/outboxmessage/topics/"


@pytest.fixture
def newcomer() -> Person:
    """Somebody who has only ever been in the users console, as an operator."""
    return with_authenticator(colleague(f"gina-{uuid7()}", "operator"))


@pytest.fixture
def at(browser, opened) -> Desk:
    opened.append(desk(browser, "transactions"))
    return opened[-1]


def sign_on(at: Desk, person: Person, path: str = "/admin/") -> None:
    """Press the button, and sign in to the users console on the way."""
    at.opens(path)
    at.page.get_by_role("button", name=BUTTON).click()
    expect(at.page).to_have_url(re.compile(re.escape(os.environ["USERS_CONSOLE_URL"])))
    fill_in(at, person)
    expect(at.page).to_have_url(
        f"{os.environ['TRANSACTIONS_CONSOLE_URL']}{path}", timeout=PATIENCE_MS
    )


def test_brings_somebody_to_where_they_wanted_to_go(at, newcomer):
    at.opens("/admin/")
    assert accessibility_complaints(at.page) == []

    sign_on(at, newcomer, TOPICS)

    expect(at.page.locator("h1").first).to_be_visible()
    assert TOPICS in at.sidebar()
    assert accessibility_complaints(at.page) == []


def test_asks_for_nothing_again_and_says_that_the_other_console_goes_on(at, newcomer):
    sign_on(at, newcomer)
    at.page.locator("form[action$='/admin/logout/']").evaluate("form => form.requestSubmit()")
    expect(at.page.get_by_text("still signed in to the users console")).to_be_visible()
    assert accessibility_complaints(at.page) == []

    at.opens("/admin/")
    at.page.get_by_role("button", name=BUTTON).click()

    expect(at.page).to_have_url(f"{os.environ['TRANSACTIONS_CONSOLE_URL']}/admin/")


def test_is_over_for_who_is_suspended(at, newcomer):
    sign_on(at, newcomer)
    words = ("user_status", "suspend", newcomer.email, "--reason", "left", "--actor", "carol")
    manage.run(stack_from(os.environ), "users", *words)

    def out() -> bool | None:
        at.opens(TOPICS)
        return urlsplit(at.page.url).path == "/admin/login/" or None

    wait_for("the end of the sign-on", out)

    expect(at.page.get_by_text("your sign-in by the users console is over")).to_be_visible()
    assert accessibility_complaints(at.page) == []
    at.page.get_by_role("button", name=BUTTON).click()
    expect(at.page).to_have_url(re.compile(re.escape(os.environ["USERS_CONSOLE_URL"])))
    fill_in(at, newcomer)
    expect(at.page.get_by_role("alert").or_(at.page.get_by_text("Please"))).not_to_have_count(0)


def test_is_offered_first_and_looks_like_the_console(at):
    at.opens("/admin/login/?next=/admin/")

    buttons = at.page.get_by_role("button").all_inner_texts()

    wanted = [text.strip() for text in buttons if text.strip() in {BUTTON, "Log in"}]
    assert wanted == [BUTTON, "Log in"]
