"""What staff did, as staff see it; nobody changes it."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.adminkit import (
    ReadOnlyModelAdmin,
    display,
    id_shown,
    payload_shown,
    text_visible,
    time_shown,
)
from common.staff import command_search  # noqa: F401  takes the place of the theme's search
from common.staff.filters import IdTimeFilter
from common.staff.lists import Listing
from common.staff.models import StaffAction
from common.staff.searching import Searched
from common.staff.selectors import actions_done


class ActionFilter(admin.SimpleListFilter):
    """By what was done."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(action, action) for action in actions_done()]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[StaffAction],
    ) -> QuerySet[StaffAction]:
        return queryset if self.value() is None else queryset.filter(action=self.value())


class DoneFilter(IdTimeFilter):
    title = "time (UTC)"


@admin.register(StaffAction)
class StaffActionAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("shown_at", "action", "actor_email", "shown_target", "shown_reason")
    list_filter = (ActionFilter, DoneFilter)
    searched = Searched(ids=("id",), exact=("target_id", "actor_email", "action"))
    exported = (
        *("id", "at", "action", "actor_email", "target_type", "target_id", "reason"),
        *("request_id", "ip"),
    )
    search_help_text = "The id of what was acted on, an action or an e-mail address, in full."
    ordering = ("-id",)
    empty_says = "Nobody of staff has changed anything in this console yet."
    fields = readonly_fields = (
        "shown_at",
        "action",
        "actor_email",
        "actor_id",
        "target_type",
        "shown_target",
        "shown_reason",
        "shown_before",
        "shown_after",
        "request_id",
        "ip",
    )

    @display(description="When")
    def shown_at(self, row: StaffAction) -> SafeString:
        return time_shown(row.at)

    @display(description="Target")
    def shown_target(self, row: StaffAction) -> SafeString:
        """The id, which leads to the page of what was acted on where this console has one."""
        page = _page_of(row)
        shown = id_shown(text_visible(row.target_id) if row.target_id else None)
        return format_html('<a href="{}">{}</a>', page, shown) if page else shown

    @display(description="Reason")
    def shown_reason(self, row: StaffAction) -> str:
        return text_visible(row.reason)

    @display(description="Before")
    def shown_before(self, row: StaffAction) -> SafeString:
        return payload_shown(row.before)

    @display(description="After")
    def shown_after(self, row: StaffAction) -> SafeString:
        return payload_shown(row.after)


def _page_of(row: StaffAction) -> str:
    try:
        options = apps.get_model(row.target_type)._meta  # noqa: SLF001  Django's API
        name = f"admin:{options.app_label}_{options.model_name}_change"
        return reverse(name, args=[row.target_id])
    except (LookupError, ValueError, NoReverseMatch):
        return ""
