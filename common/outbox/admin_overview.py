"""The outbox at a glance: what waits, for how long, and who publishes it."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from common.adminkit import duration_shown, text_visible, time_shown
from common.console import Figure
from common.outbox.overview import PARKED_MAX, Overview, outbox_overview
from common.staff.actions import staff_permitted
from common.staff.pages import page_response

_OLD_S = 60


def overview_page(model_admin: "ModelAdmin[Any]", request: HttpRequest) -> HttpResponse:
    """Show what waits for Kafka, parked streams, and the publishers of this service."""
    staff_permitted(request, "outbox.view_outboxmessage")
    found = outbox_overview()
    return page_response(
        model_admin,
        request,
        "staff/kafka/outbox.html",
        title="Outbox",
        figures=_figures(found),
        by_topic=_topics_table(found),
        parked=_parked_table(found),
        parked_max=PARKED_MAX if len(found.parked) == PARKED_MAX else 0,
        publishers=_publishers_table(found),
    )


def _figures(found: Overview) -> list[Figure]:
    waits_for = timezone.now() - found.oldest_at if found.oldest_at else None
    late = waits_for is not None and waits_for.total_seconds() > _OLD_S
    messages = reverse("admin:outbox_outboxmessage_changelist")
    left = found.published_at
    return [
        Figure(
            title="Waiting for Kafka",
            value=f"{found.waiting:,}{'' if found.is_whole else '+'}",
            detail="nothing waits" if waits_for is None else "",
            url=f"{messages}?state=waiting",
        ),
        Figure(
            title="Oldest waits for",
            value=duration_shown(waits_for),
            tone="warning" if late else "",
            word="late" if late else "",
        ),
        Figure(
            title="Last published",
            value="nothing lately" if left is None else f"{left:%H:%M:%S} UTC",
            detail="" if left is None else f"{left:%Y-%m-%d}",
        ),
        Figure(
            title="Parked streams",
            value=f"{len(found.parked):,}{'+' if len(found.parked) == PARKED_MAX else ''}",
            detail="the broker refused an event for good",
            tone="danger" if found.parked else "",
            word="parked" if found.parked else "",
        ),
    ]


def _topics_table(found: Overview) -> dict[str, Any]:
    rows = [[one.topic, f"{one.waiting:,}", time_shown(one.oldest_at)] for one in found.by_topic]
    return {"headers": ["Topic", "Waiting", "Oldest"], "rows": rows}


def _parked_table(found: Overview) -> dict[str, Any]:
    rows = [
        [
            format_html(
                '<a class="console-link console-code" href="{}">{}</a>',
                reverse("admin:outbox_outboxstream_change", args=[one.stream]),
                one.stream,
            ),
            f"{one.last_sequence:,}",
            text_visible(one.reason),
        ]
        for one in found.parked
    ]
    return {"headers": ["Stream", "Last number", "Why"], "rows": rows}


def _publishers_table(found: Overview) -> dict[str, Any]:
    rows = [
        [
            text_visible(one.name),
            "publishes now" if one.working else "stands by",
            time_shown(one.since),
            time_shown(one.active_at),
        ]
        for one in found.publishers
    ]
    return {"headers": ["Process", "State", "Connected", "Last active"], "rows": rows}
