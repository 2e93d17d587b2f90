"""Kafka's topics as staff read them: bounded, masked, and without a trace in Kafka."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from common.adminkit import id_shown, payload_shown, text_visible, time_shown
from common.events.topics import ALL_TOPICS
from common.kafka.broker import BrokerError, Record
from common.kafka.looking import (
    RECORDS_MAX,
    Look,
    TopicStanding,
    topic_look,
    topics_describe,
)
from common.staff.actions import staff_permitted
from common.staff.asked import number_asked
from common.staff.masking import masked_payload, masked_text
from common.staff.pages import page_response

_PERMISSION = "outbox.read_topics"
_LIMITS = (10, 20, RECORDS_MAX)
_HEADER_SHOWN_MAX = 512
_HEADERS_SHOWN_MAX = 40


def topics_page(model_admin: "ModelAdmin[Any]", request: HttpRequest) -> HttpResponse:
    """Show the project's topics, with their partitions and about how many records they keep."""
    staff_permitted(request, _PERMISSION)
    found, away = _described(list(ALL_TOPICS))
    return page_response(
        model_admin,
        request,
        "staff/kafka/topics.html",
        title="Topics",
        away=away,
        table={
            "headers": ["Topic", "Partitions", "Records kept", "Copies", "Health"],
            "rows": [_topic_row(topic) for topic in found],
        },
    )


def topic_page(model_admin: "ModelAdmin[Any]", request: HttpRequest, name: str) -> HttpResponse:
    """Show the newest records of a topic, or those of one partition before an offset."""
    staff_permitted(request, _PERMISSION)
    if name not in ALL_TOPICS:
        raise Http404
    partition, before = number_asked(request, "partition"), number_asked(request, "before")
    limit = _limit(request)
    found, away = _described([name])
    look = Look()
    if found and not away:
        look, away = _looked(found[0], partition=partition, before=before, limit=limit)
    older = min((one.offset for one in look.records), default=0) if partition is not None else 0
    return page_response(
        model_admin,
        request,
        "staff/kafka/topic.html",
        title=f"Topic {name}",
        away=away,
        cut=look.cut,
        records=[_record_shown(record) for record in look.records],
        places=_places_table(found[0]) if found else None,
        numbers=sorted(found[0].partitions) if found else [],
        partition=partition,
        before=before,
        limit=limit,
        limits=_LIMITS,
        older=f"?partition={partition}&before={older}&limit={limit}" if older else "",
        all_topics=reverse("admin:outbox_topics"),
    )


def _limit(request: HttpRequest) -> int:
    asked = number_asked(request, "limit")
    return min(asked, RECORDS_MAX) if asked else _LIMITS[1]


def _described(names: list[str]) -> tuple[list[TopicStanding], str]:
    try:
        return topics_describe(names), ""
    except BrokerError as error:
        return [], text_visible(str(error))


def _looked(topic: TopicStanding, **which: Any) -> tuple[Look, str]:
    try:
        return topic_look(topic, **which), ""
    except BrokerError as error:
        return Look(), text_visible(str(error))


def _topic_row(topic: TopicStanding) -> list[Any]:
    partitions = topic.partitions.values()
    return [
        format_html(
            '<a class="console-link" href="{}">{}</a>',
            reverse("admin:outbox_topic", args=[topic.name]),
            topic.name,
        ),
        f"{len(partitions):,}",
        f"{topic.records:,}",
        f"{max((one.replicas for one in partitions), default=0)}",
        _health(topic),
    ]


def _health(topic: TopicStanding) -> str:
    partitions = topic.partitions.values()
    if not partitions:
        return "missing: run create_topics"
    leaderless = sum(one.leader < 0 for one in partitions)
    behind = sum(one.in_sync < one.replicas for one in partitions)
    if leaderless:
        return f"{leaderless} without a leader"
    return f"{behind} with copies out of sync" if behind else "all copies in sync"


def _places_table(topic: TopicStanding) -> dict[str, Any]:
    rows = [
        [
            format_html('<a class="console-link" href="?partition={}">{}</a>', number, number),
            f"{one.first:,}",
            f"{one.end:,}",
            f"{one.records:,}",
            one.leader if one.leader >= 0 else "none",
            f"{one.in_sync} of {one.replicas}",
        ]
        for number, one in topic.partitions.items()
    ]
    headers = ["Partition", "First offset", "End", "Records kept", "Leader", "Copies in sync"]
    return {"headers": headers, "rows": rows}


def _record_shown(record: Record) -> dict[str, Any]:
    kind = dict(record.headers).get("ce_type")
    return {
        "place": f"{record.partition}@{record.offset}",
        "type": _text(kind) if kind else "no event",
        "at": time_shown(record.at),
        "key": id_shown(_text(record.key)),
        "size": len(record.value or b""),
        "headers": {
            "headers": ["Header", "Value"],
            "rows": [
                [id_shown(text_visible(masked_text(name))), id_shown(_text(value))]
                for name, value in record.headers[:_HEADERS_SHOWN_MAX]
            ],
        },
        "headers_left_out": max(0, len(record.headers) - _HEADERS_SHOWN_MAX),
        "data": payload_shown(masked_payload(record.value)),
    }


def _text(raw: bytes | None) -> str | None:
    if raw is None:
        return None
    text = raw[:_HEADER_SHOWN_MAX].decode(errors="backslashreplace")
    more = " …" if len(raw) > _HEADER_SHOWN_MAX else ""
    return text_visible(masked_text(text)) + more
