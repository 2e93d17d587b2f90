"""The outbox as staff see it: what left, what waits, and which streams are parked."""

from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from common.adminkit import (
    NOTHING,
    ReadOnlyModelAdmin,
    display,
    id_shown,
    payload_shown,
    status_display,
    text_visible,
    time_shown,
)
from common.outbox.admin_overview import overview_page
from common.outbox.admin_topics import topic_page, topics_page
from common.outbox.models import OutboxMessage, OutboxStream
from common.outbox.park_dialogs import UNPARK
from common.staff.dialogs import DialogAdmin, detail_dialog, list_dialog
from common.staff.filters import EventTypeFilter
from common.staff.lists import Listing
from common.staff.searching import Searched


class StateFilter(admin.SimpleListFilter):
    """Waiting or published; the index of unpublished rows answers the first."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("waiting", "Waiting"), ("published", "Published")]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[OutboxMessage],
    ) -> QuerySet[OutboxMessage]:
        if self.value() is None:
            return queryset
        return queryset.filter(published_at__isnull=self.value() == "waiting")


@admin.register(OutboxMessage)
class OutboxMessageAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("position", "type", "state", "stream_id", "sequence", "occurred", "published")
    list_filter = (StateFilter, EventTypeFilter)
    searched = Searched(
        ids=("id", "stream"), exact=("subject", "correlation_id"), numbers=("position",)
    )
    exported = (
        *("position", "id", "topic", "stream", "sequence", "type", "subject", "occurred_at"),
        *("correlation_id", "causation_id", "actor", "published_at", "partition", "offset"),
    )
    search_help_text = "An event, stream, subject or correlation id, in full."
    ordering = ("-position",)
    empty_says = "Nothing was told yet, or all of it was applied by the other service long ago."
    exclude = ("data",)
    readonly_fields = ("payload",)

    def get_urls(self) -> list[URLPattern]:
        """The pages of the outbox and of Kafka's topics before those of the rows."""
        view = self.admin_site.admin_view
        return [
            path(
                "overview/",
                view(require_safe(partial(overview_page, self))),
                name="outbox_overview",
            ),
            path("topics/", view(require_safe(partial(topics_page, self))), name="outbox_topics"),
            path(
                "topics/<str:name>/",
                view(require_safe(partial(topic_page, self))),
                name="outbox_topic",
            ),
            *super().get_urls(),
        ]

    @status_display(description="State")
    def state(self, message: OutboxMessage) -> str:
        return "waiting" if message.published_at is None else "published"

    @display(description="Stream")
    def stream_id(self, message: OutboxMessage) -> SafeString:
        return id_shown(message.stream)

    @display(description="Occurred")
    def occurred(self, message: OutboxMessage) -> SafeString:
        return time_shown(message.occurred_at)

    @display(description="Published")
    def published(self, message: OutboxMessage) -> SafeString:
        at: datetime | None = message.published_at
        return time_shown(at)

    @display(description="Data")
    def payload(self, message: OutboxMessage) -> SafeString:
        return payload_shown(message.data)


class ParkedFilter(admin.SimpleListFilter):
    """Parked or not; the index of parked streams answers the first."""

    title = "parked"
    parameter_name = "parked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("yes", "Parked"), ("no", "Not parked")]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[OutboxStream],
    ) -> QuerySet[OutboxStream]:
        if self.value() == "yes":
            return queryset.exclude(blocked_reason="")
        return queryset if self.value() is None else queryset.filter(blocked_reason="")


@admin.register(OutboxStream)
class OutboxStreamAdmin(Listing, DialogAdmin):
    list_display = ("shown", "last_sequence", "accepting", "state", "why")
    list_filter = (ParkedFilter, "accepting")
    searched = Searched(ids=("stream",))
    exported = ("stream", "last_sequence", "last_event_id", "accepting", "blocked_reason")
    search_help_text = "The user's id, in full."
    ordering = ("-stream",)
    empty_says = "A stream begins with the first event about a user."
    fields = readonly_fields = (
        "shown",
        "last_sequence",
        "last_event_id",
        "accepting",
        "state",
        "why",
        "messages",
    )
    actions = (list_dialog(UNPARK),)
    actions_detail = ("unpark",)
    unpark = detail_dialog(UNPARK)

    @status_display(description="State")
    def state(self, stream: OutboxStream) -> str:
        return "parked" if stream.is_parked else "publishes"

    @display(description="Refused for")
    def why(self, stream: OutboxStream) -> str:
        return text_visible(stream.blocked_reason) or NOTHING

    @display(description="Events")
    def messages(self, stream: OutboxStream) -> SafeString:
        """Where they are listed, the newest first."""
        listed = reverse("admin:outbox_outboxmessage_changelist")
        return format_html(
            '<a class="text-link" href="{}?q={}">Its events in the outbox</a>',
            listed,
            stream.stream,
        )

    @display(description="Stream")
    def shown(self, stream: OutboxStream) -> SafeString:
        return id_shown(stream.stream)
