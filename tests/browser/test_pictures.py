"""The main pages as pictures; `SCREENSHOTS=docs/images` keeps them for the README."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.browser.books import Books
from tests.browser.watched import accessibility_complaints

BYTES_MAX = 150 * 1024
WIDTH = 1280
"""Of the narrowest window that has room for the sidebar."""
HOME = "/admin/?period=month"
REQUESTS = "/admin/submissions/transactionrequest/"
CAUSES = "/admin/inbox/inboxwaiting/causes/"
CONSUMERS = "/admin/inbox/consumerhalt/consumers/"


class Picture(NamedTuple):
    """A page to look at, what it must show, and how high the window is."""

    service: str
    role: str
    path: Callable[[Books], str]
    shows: str
    height: int = 800
    theme: str = "light"


def _wallet_page(books: Books) -> str:
    (wallet,) = books.alice.call("GET", "/api/v1/accounts").json()["data"]
    return f"/admin/ledger/account/{wallet['id']}/change/"


def _request_page(books: Books) -> str:
    return f"{REQUESTS}{books.paid}/change/"


def _ledger_page(books: Books) -> str:
    return f"/admin/ledger/ledgertransaction/{books.paid}/change/"


PICTURES = {
    "users-home": Picture("users", "support", lambda _: HOME, "Sign-ups", 900),
    "transactions-home": Picture("transactions", "auditor", lambda _: HOME, "Posted", 900, "dark"),
    "transaction": Picture("users", "support", _request_page, "Announced", 720),
    "ledger-transaction": Picture(
        "transactions", "support", _ledger_page, "Announced", 720, "dark"
    ),
    "transactions-list": Picture("users", "support", lambda _: REQUESTS, "posted", 650),
    "dead-letters": Picture("transactions", "operator", lambda _: CAUSES, "Dead letters"),
    "consumers": Picture("transactions", "operator", lambda _: CONSUMERS, "Lag"),
    "account": Picture("transactions", "controller", _wallet_page, "Available"),
    "dialog": Picture(
        "users", "controller", lambda books: f"{REQUESTS}{books.paid}/reverse/", "What will happen"
    ),
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    kept = os.environ.get("SCREENSHOTS")
    return Path(kept) if kept else tmp_path_factory.mktemp("pictures")


@pytest.mark.parametrize("name", PICTURES)
def test_pages_are_worth_looking_at(books, sit_down, folder, name):
    picture = PICTURES[name]
    window = {"width": WIDTH, "height": picture.height}
    at = sit_down(picture.service, picture.role, color_scheme=picture.theme, viewport=window)

    at.opens(picture.path(books))
    expect(at.page.get_by_text(picture.shows).locator("visible=true").first).to_be_visible()
    file = folder / f"{name}.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    at.page.screenshot(path=file, animations="disabled")

    assert file.stat().st_size <= BYTES_MAX
    assert accessibility_complaints(at.page) == []
