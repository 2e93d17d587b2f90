"""Takes a list of a console along as CSV, as somebody who is signed in."""

import csv
import io
import os
import re
from http import HTTPStatus
from typing import Any

import httpx

from tests.browser.crawling import cookies_of

_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001  the wide forms are meant
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def export_of(service: str, storage_state: dict[str, Any], path: str) -> str:
    """The file behind the page that asks why."""
    base = os.environ[f"{service.upper()}_URL"]
    cookies = cookies_of(storage_state)
    with httpx.Client(base_url=base, cookies=cookies, timeout=60, trust_env=False) as http:
        token = _TOKEN.search(http.get(path).text)
        assert token is not None, f"no form at {path}"
        answer = http.post(path, data={"csrfmiddlewaretoken": token[1], "reason": "for the test"})
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return answer.text


def formulas_in(table: str) -> list[str]:
    """The cells that a spreadsheet takes for a formula."""
    rows = csv.reader(io.StringIO(table, newline=""))
    return [
        cell for row in rows for cell in row if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    ]
