"""Who consumes, and how far they are: asked of Kafka now, and kept from the minutes before."""

import json
from typing import Any

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from common.adminkit import NOTHING, id_shown, text_visible
from common.console import Figure
from common.inbox.admin_causes import wiring_of
from common.inbox.halts import Halt, halt_current
from common.inbox.lag import LagSample, lag_samples
from common.inbox.wiring import Wiring
from common.kafka.broker import BrokerError
from common.kafka.groups import GroupStanding, groups_describe
from common.staff.actions import staff_permitted
from common.staff.pages import page_response

_LAG_MANY = 10_000


def consumers_page(model_admin: "ModelAdmin[Any]", request: HttpRequest) -> HttpResponse:
    """Show both groups of the road, their members, where they are, and whether ours is halted."""
    staff_permitted(request, "inbox.view_consumerhalt")
    wiring = wiring_of()
    found, away = _groups(wiring)
    halt = halt_current(consumer=wiring.consumer)
    samples = lag_samples(consumer=wiring.consumer)
    return page_response(
        model_admin,
        request,
        "staff/kafka/consumers.html",
        title="Consumers and lag",
        away=away,
        groups=[_group_shown(group, ours=group.group == wiring.consumer) for group in found],
        halt=halt,
        halt_page=_halt_page(halt),
        trend=_trend(samples),
        trend_table=_trend_table(samples),
        consumer=wiring.consumer,
    )


def _groups(wiring: Wiring) -> tuple[list[GroupStanding], str]:
    """Our group and that of the other service, which reads what we say; or why nobody answers."""
    groups = {wiring.consumer: wiring.topic, settings.PEER["NAME"]: settings.OUTBOX_TOPIC}
    try:
        return groups_describe(groups), ""
    except BrokerError as error:
        return [], text_visible(str(error))


def _halt_page(halt: Halt | None) -> str:
    return "" if halt is None else reverse("admin:inbox_consumerhalt_change", args=[halt.id])


def _group_shown(group: GroupStanding, *, ours: bool) -> dict[str, Any]:
    return {
        "name": group.group,
        "topic": group.topic,
        "ours": ours,
        "figures": _figures(group),
        "members": _members_table(group),
        "places": _places_table(group),
    }


def _figures(group: GroupStanding) -> list[Figure]:
    many = group.lag > _LAG_MANY
    return [
        Figure(
            title="Lag",
            value=f"{group.lag:,}",
            detail="records that are not committed",
            tone="warning" if many else "",
            word="behind" if many else "",
        ),
        Figure(
            title="Members",
            value=f"{len(group.members):,}",
            detail=f"the group is {text_visible(group.state.replace('_', ' '))}",
            tone="" if group.members else "danger",
            word="" if group.members else "nobody reads",
        ),
        Figure(title="Partitions", value=f"{len(group.places):,}", detail=group.topic),
    ]


def _members_table(group: GroupStanding) -> dict[str, Any]:
    rows = [
        [
            text_visible(member.instance_id or member.client_id),
            text_visible(member.client_id),
            text_visible(member.host.removeprefix("/")),
            ", ".join(map(str, member.partitions)) or NOTHING,
        ]
        for member in group.members
    ]
    return {"headers": ["Member", "Client", "Host", "Partitions"], "rows": rows}


def _places_table(group: GroupStanding) -> dict[str, Any]:
    owners = {
        number: text_visible(member.instance_id or member.client_id)
        for member in group.members
        for number in member.partitions
    }
    rows = [
        [
            number,
            owners.get(number, "nobody"),
            "nothing yet" if place.committed is None else f"{place.committed:,}",
            f"{place.end:,}",
            format_html('<span class="console-amount">{}</span>', f"{place.lag:,}"),
        ]
        for number, place in group.places.items()
    ]
    return {"headers": ["Partition", "Member", "Committed", "End", "Lag"], "rows": rows}


def _trend(samples: list[LagSample]) -> str:
    """The samples for the theme's chart, empty without enough of them for a line."""
    if len(samples) < 2:  # noqa: PLR2004  a line has two ends
        return ""
    return json.dumps(
        {
            "labels": [f"{sample.at:%H:%M}" for sample in samples],
            "datasets": [
                {
                    "label": "Lag",
                    "data": [sample.lag for sample in samples],
                    "borderColor": "var(--color-primary-700)",
                }
            ],
        }
    )


def _trend_table(samples: list[LagSample]) -> dict[str, Any]:
    rows = [
        [id_shown(f"{sample.at:%Y-%m-%d %H:%M} UTC"), f"{sample.lag:,}", f"{sample.members:,}"]
        for sample in reversed(samples)
    ]
    return {"headers": ["Minute", "Lag", "Members"], "rows": rows}
