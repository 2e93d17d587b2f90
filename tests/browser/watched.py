"""What a page did wrong while somebody used it, by the browser's own word."""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Response

GRAVE = {"serious", "critical"}


@dataclass
class Watch:
    """
    Collects the complaints of one page, for as long as it is open.

    What breaks the Content-Security-Policy is an error on the browser's console, too.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._keep("script", str(error)))
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._keep(message.type, message.text)

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._keep("answer", f"{response.status} {response.url}")

    def _keep(self, kind: str, text: str) -> None:
        self.complaints.append(f"{self.page.url}: {kind}: {text}")

    def forget(self) -> list[str]:
        """Hand the complaints over; for pages that are meant to answer with an error."""
        kept, self.complaints = self.complaints, []
        return kept


def accessibility_complaints(page: Page) -> list[str]:
    """What axe-core finds that keeps people from using the page: serious and critical issues."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {issue['impact']}: {issue['id']}: {node['target']}: {node['html'][:300]}"
        f" {_contrast(node)}"
        for issue in found
        if issue["impact"] in GRAVE
        for node in issue["nodes"][:5]
    ]


def _contrast(node: dict[str, Any]) -> str:
    data = next((check["data"] for check in node["any"] if isinstance(check["data"], dict)), {})
    names = ("fgColor", "bgColor", "contrastRatio")
    return " ".join(f"{name}={data[name]}" for name in names if name in data)
