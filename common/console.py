"""
How a console looks and where it leads: its `UNFOLD` setting, and the figures of its home page.

Settings are read before the apps are loaded, so nothing here may import the theme; what needs it
is in `common.adminkit`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.module_loading import import_string

Accent = Literal["indigo", "emerald"]
Tone = Literal["", "info", "success", "warning", "danger"]

# Tailwind's palettes, from 50 to 950; each console has its own, so that nobody mistakes one for
# the other. Emerald is a step darker from 600 on, where white text stands on it.
_WEIGHTS = ("50", "100", "200", "300", "400", "500", "600", "700", "800", "900", "950")
_PALETTES: dict[Accent, tuple[str, ...]] = {
    "indigo": (
        "96.2% .018 272.314", "93% .034 272.788", "87% .065 274.039", "78.5% .115 274.713",
        "67.3% .182 276.935", "58.5% .233 277.117", "51.1% .262 276.966", "45.7% .24 277.023",
        "39.8% .195 277.366", "35.9% .144 278.697", "25.7% .09 281.288",
    ),
    "emerald": (
        "97.9% .021 166.113", "95% .052 163.051", "90.5% .093 164.15", "84.5% .143 164.978",
        "76.5% .177 163.223", "69.6% .17 162.48", "50.8% .118 165.612", "43.2% .095 166.913",
        "37.8% .077 168.94", "32% .064 170.746", "26.2% .051 172.552",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Page:
    """
    A list in the sidebar; only staff who may view the model see it.

    With `route`, the name of a view of the admin site, it leads there instead of to the list, and
    with `permission` other staff see it. `badge` is the dotted path of a function from a request
    to a short text beside the title in the colour of `badge_tone`, nothing where that is empty.
    """

    title: str
    model: str
    """`app_label.ModelName`"""
    icon: str
    """A name of Material Symbols."""
    route: str = ""
    permission: str = ""
    badge: str = ""
    badge_tone: Tone = "danger"


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the sidebar."""

    title: str
    pages: Sequence[Page]


ROAD = Section(
    title="Road",
    pages=[
        Page(
            title="Dead letters",
            model="inbox.InboxWaiting",
            icon="mark_email_unread",
            route="inbox_causes",
            badge="common.inbox.badge.dead_letters_badge",
        ),
        Page(title="Waiting and dead", model="inbox.InboxWaiting", icon="inbox"),
        Page(title="Replays and discards", model="inbox.LetterRun", icon="replay"),
        Page(title="Dead letter actions", model="inbox.DeadLetterAction", icon="history"),
        Page(title="Outbox", model="outbox.OutboxMessage", icon="outbox", route="outbox_overview"),
        Page(title="Outbox messages", model="outbox.OutboxMessage", icon="outgoing_mail"),
        Page(title="Streams", model="outbox.OutboxStream", icon="format_list_numbered"),
        Page(
            title="Consumers and lag",
            model="inbox.ConsumerHalt",
            icon="monitoring",
            route="inbox_consumers",
        ),
        Page(title="Consumer halts", model="inbox.ConsumerHalt", icon="front_hand"),
        Page(
            title="Topics",
            model="outbox.OutboxMessage",
            icon="topic",
            route="outbox_topics",
            permission="outbox.read_topics",
        ),
        Page(title="Peer cursors", model="reconciliation.PeerCursor", icon="compare_arrows"),
    ],
)
"""What either console shows of the road between the services."""

RECORD = Section(
    title="Record",
    pages=[Page(title="Staff actions", model="staff.StaffAction", icon="assignment_ind")],
)
"""What staff did in a console."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """
    One number on the home page.

    A colour never speaks alone: `tone` is shown together with `word` (`"waiting"`, `"over 1,000"`).
    On the home page it is for who may see the list that `url` leads to; where that is a page of
    another kind, for who has `permission`.
    """

    title: str
    value: str
    detail: str = ""
    url: str = ""
    permission: str = ""
    tone: Tone = ""
    word: str = ""


@dataclass(frozen=True, kw_only=True)
class FigureGroup:
    """Figures that belong together."""

    title: str
    figures: Sequence[Figure]


def admin_site_settings(
    *,
    title: str,
    symbol: str,
    accent: Accent,
    environment: str,
    navigation: Sequence[Section],
    home: str | None = None,
    search: str | None = None,
) -> dict[str, Any]:
    """
    Build the `UNFOLD` setting of one service.

    `home` is the dotted path of a function from a request to the `common.staff.home.Home` of the
    service; `search` one from a request and a term to results of the search box. Needs
    `common/templates` among the template folders and `common/static` among the static ones.
    """
    return {
        "SITE_TITLE": title,
        "SITE_HEADER": title,
        "SITE_SUBHEADER": "All times are UTC",
        "SITE_SYMBOL": symbol,
        "SITE_FAVICONS": [_favicon(accent)],
        "SITE_URL": None,
        "SHOW_VIEW_ON_SITE": False,
        "BORDER_RADIUS": "6px",
        "COLORS": {"primary": _palette(accent)},
        "STYLES": [
            lambda _: static("console/console.css"),
            lambda _: static("console/home.css"),
        ],
        "SCRIPTS": [lambda _: static("console/local_times.js")],
        "ENVIRONMENT": _environment_label(environment),
        "ENVIRONMENT_TITLE_PREFIX": None if environment == "production" else f"[{environment}]",
        "SIDEBAR": {"show_search": True, "navigation": _sidebar(navigation)},
        # Searching all models would compare text without an index.
        "COMMAND": {"search_models": False, "search_callback": search},
        "DASHBOARD_CALLBACK": "common.staff.home.dashboard",
        "HOME": home,
    }


def _favicon(accent: Accent) -> dict[str, Any]:
    return {
        "rel": "icon",
        "type": "image/svg+xml",
        "href": lambda _: static(f"console/{accent}.svg"),
    }


def _palette(accent: Accent) -> dict[str, str]:
    colours = zip(_WEIGHTS, _PALETTES[accent], strict=True)
    return {weight: f"oklch({colour})" for weight, colour in colours}


def _environment_label(environment: str) -> Callable[[HttpRequest], list[str]]:
    tone = "danger" if environment == "production" else "info"
    return lambda _: [environment, tone]


def _sidebar(sections: Sequence[Section]) -> Callable[[HttpRequest], list[dict[str, Any]]]:
    """The sidebar of a request: what its badges say, and which page of it is shown."""

    def shown(request: HttpRequest) -> list[dict[str, Any]]:
        groups = [_section(section, request) for section in sections]
        links = [str(item["link"]) for group in groups for item in group["items"]]
        # Pages below a list begin with its path: the longest is the one that is meant.
        here = max(filter(request.path.startswith, links), key=len, default="")
        for group in groups:
            for item in group["items"]:
                item["active"] = str(item["link"]) == here
        return groups

    return shown


def _section(section: Section, request: HttpRequest) -> dict[str, Any]:
    return {
        "title": section.title,
        "separator": True,
        "items": [_item(page, request) for page in section.pages],
    }


def _item(page: Page, request: HttpRequest) -> dict[str, Any]:
    app, model = page.model.lower().split(".")
    permission = page.permission or f"{app}.view_{model}"
    item = {
        "title": page.title,
        "icon": page.icon,
        "link": reverse(f"admin:{page.route or f'{app}_{model}_changelist'}"),
        "permission": lambda request: request.user.has_perm(permission),
    }
    if page.badge and request.user.has_perm(permission):
        item["badge"] = import_string(page.badge)(request)
        item["badge_variant"] = page.badge_tone
    return item
