"""The console that the tests look at: people, and what was done to them."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from common.adminkit import (
    ModelAdmin,
    ReadOnlyInline,
    ReadOnlyModelAdmin,
    payload_shown,
    status_display,
)
from common.console import FigureGroup
from common.staff.home import Home

shown_figures: list[FigureGroup] = []


def home(_: HttpRequest) -> Home:
    return Home(groups=list(shown_figures))


def seven(_: HttpRequest) -> str:
    return "7"


def shown(_: HttpRequest) -> HttpResponse:
    return HttpResponse("text")


class LogEntryInline(ReadOnlyInline):
    model = LogEntry
    fields = readonly_fields = ("object_repr",)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyModelAdmin):
    list_display = ("id", "action_time", "object_repr", "status", "payload")
    list_select_related = ("user",)
    search_fields = ("object_repr",)
    ordering = ("-id",)

    @status_display(description="Status")
    def status(self, entry: LogEntry) -> str:
        return entry.change_message.partition(" ")[0]

    @admin.display(description="Payload")
    def payload(self, entry: LogEntry) -> SafeString:
        return payload_shown(entry.change_message)


admin.site.unregister(User)


@admin.register(User)
class UserAdmin(ModelAdmin):
    fields = ("username",)
    inlines = (LogEntryInline,)

    def get_urls(self) -> list[URLPattern]:
        return [path("causes/", shown, name="auth_causes"), *super().get_urls()]


urlpatterns = [
    path("admin/", admin.site.urls),
    path("other", lambda _: HttpResponse("text")),
    path("users/docs", lambda _: HttpResponse("text")),
]
