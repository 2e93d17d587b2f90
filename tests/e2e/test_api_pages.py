"""The pages of the API description work through the gateway, and load nothing from elsewhere."""

from html.parser import HTMLParser

import pytest

from tests.e2e.client import Caller, anybody

PAGES = [
    f"/{service}/docs{page}" for service in ("users", "transactions") for page in ("", "/redoc")
]


class Page(HTMLParser):
    """What a page loads, and which scripts stand in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.description = ""
        self.inline = ""
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self._in_script = tag == "script"
        if tag in {"script", "link", "img"}:
            named = [values[name] for name in ("src", "href") if values.get(name)]
            self.loads += [url for url in named if not url.startswith("data:")]
        if tag == "redoc":
            assert "disable-search" in values, "searching needs a worker that the policy forbids"
            self.description = values["spec-url"]

    def handle_endtag(self, tag):  # noqa: ARG002  html.parser's signature
        self._in_script = False

    def handle_data(self, data):
        if self._in_script:
            self.inline += data.strip()


@pytest.fixture
def browser() -> Caller:
    return anybody()


@pytest.mark.parametrize("path", PAGES)
class TestPage:
    def test_has_no_script_in_it_and_loads_its_own_files_only(self, browser, path):
        answer = browser.call("GET", path)
        page = Page(answer.text)

        assert answer.status_code == 200
        assert "script-src 'self';" in answer.headers["content-security-policy"]
        assert page.inline == ""
        assert page.loads
        for url in page.loads:
            assert url.startswith(f"/{path.split('/')[1]}/"), url
            assert browser.call("GET", url).status_code == 200, url

    def test_shows_the_description_that_is_there(self, browser, path):
        service = path.split("/")[1]
        text = browser.call("GET", path).text
        scripts = [browser.call("GET", url).text for url in Page(text).loads if "script" in url]

        assert any(f"/{service}/schema" in one for one in [text, *scripts])
        described = browser.call(
            "GET", f"/{service}/schema", headers={"Accept": "application/vnd.oai.openapi+json"}
        ).json()
        assert described["openapi"].startswith("3.1")
        for other in ("/users/docs", "/transactions/docs", f"/{service}/docs/redoc"):
            assert f"({other})" in described["info"]["description"]
