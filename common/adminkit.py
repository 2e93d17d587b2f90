"""
The look and the rules of both admin consoles; the only module that imports unfold.
"""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin as UnfoldModelAdmin


class ModelAdmin(UnfoldModelAdmin):
    """A list that stays fast: few rows a page and no count of the whole table."""

    list_per_page = 50
    show_full_result_count = False


class ReadOnlyModelAdmin(ModelAdmin):
    """Rows that nobody changes by hand, superusers included."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        return {}
