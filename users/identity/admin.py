"""People in the console: to look at; changing a status is a service's work, not a form's."""

from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client, Token
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.views import PasswordChangeView
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.adminkit import NOTHING, ReadOnlyInline, ReadOnlyModelAdmin, status_display
from common.staff.assigning import ASSIGN_ROLES
from common.staff.dialogs import DialogAdmin, detail_dialog, list_dialog
from common.staff.filters import IdTimeFilter, TimeFilter
from common.staff.lists import Listing
from common.staff.searching import Searched
from common.staff.sign_in import console_allows
from users.identity import staff_dialogs
from users.identity.console_sign_in import AddressSignInForm, ConsolePasswordForm
from users.identity.models import LoginEvent, TokenFamily, User, UserStatusChange

# Others register these without our look and without our rules.
admin.site.unregister(EmailAddress)
admin.site.unregister(Group)
admin.site.unregister(Authenticator)
admin.site.unregister(Client)
admin.site.unregister(Token)


def password_change(
    request: HttpRequest, extra_context: dict[str, Any] | None = None
) -> HttpResponseBase:
    """Unfold's page with our form, for which it leaves no other place."""
    return PasswordChangeView.as_view(
        form_class=ConsolePasswordForm,
        success_url=reverse("admin:password_change_done"),
        extra_context={**admin.site.each_context(request), **(extra_context or {})},
    )(request)


admin.site.login_form = AddressSignInForm
admin.site.password_change = password_change  # type: ignore[method-assign,assignment]  # redirects, too
admin.site.has_permission = console_allows  # type: ignore[method-assign]  # every page asks it

_EVENTS_SHOWN = 50


class UserStatusChangeInline(ReadOnlyInline):
    model = UserStatusChange
    fields = readonly_fields = (
        "changed_at",
        "from_status",
        "to_status",
        "code",
        "actor",
        "reason",
    )
    ordering = ("id",)


class LatestFormSet(BaseInlineFormSet):
    """The latest rows only: there may be years of them."""

    def get_queryset(self) -> QuerySet[Any]:
        return self._latest

    @cached_property
    def _latest(self) -> QuerySet[Any]:
        return super().get_queryset()[:_EVENTS_SHOWN]


class LoginEventInline(ReadOnlyInline):
    model = LoginEvent
    formset = LatestFormSet
    verbose_name_plural = f"login events (the latest {_EVENTS_SHOWN})"
    fields = readonly_fields = (
        "happened_at",
        "type",
        "detail",
        "ip",
        "user_agent",
        "request_id",
        "actor",
        "reason",
    )
    ordering = ("-id",)


class RegisteredFilter(IdTimeFilter):
    title = "time of sign-up (UTC)"


class HappenedFilter(TimeFilter):
    column = "happened_at"


@admin.register(User)
class UserAdmin(Listing, DialogAdmin):
    list_display = ("email", "display_name", "shown_status", "role", "is_staff", "created_at")
    list_filter = ("status", "role", "is_staff", RegisteredFilter)
    searched = Searched(ids=("id",), prefixes=("email", "display_name"))
    search_help_text = "Id in full; beginning of an address or a name"
    found_by_command = True
    exported = ("id", "email", "display_name", "status", "role", "is_staff", "created_at")
    ordering = ("-id",)
    fields = (
        "id",
        "email",
        "display_name",
        "shown_status",
        "role",
        "is_staff",
        "is_superuser",
        "groups",
        "created_at",
        "last_login",
        "wallets",
    )
    readonly_fields = ("shown_status", "wallets")
    inlines = (UserStatusChangeInline, LoginEventInline)
    actions = (
        list_dialog(staff_dialogs.SUSPEND),
        list_dialog(staff_dialogs.REINSTATE),
        list_dialog(staff_dialogs.SESSIONS_END),
    )
    actions_detail = ("suspend", "reinstate", "end_sessions", "reset_mfa", "close", "assign_roles")
    suspend = detail_dialog(staff_dialogs.SUSPEND)
    reinstate = detail_dialog(staff_dialogs.REINSTATE)
    end_sessions = detail_dialog(staff_dialogs.SESSIONS_END)
    reset_mfa = detail_dialog(staff_dialogs.MFA_RESET)
    close = detail_dialog(staff_dialogs.CLOSE)
    assign_roles = detail_dialog(ASSIGN_ROLES)

    @status_display(description="Status")
    def shown_status(self, user: User) -> str:
        return user.status

    @admin.display(description="Wallets")
    def wallets(self, user: User) -> SafeString | str:
        """Where the console of transactions lists them."""
        if not settings.TWIN_CONSOLE_URL:
            return NOTHING
        page = f"{settings.TWIN_CONSOLE_URL}/admin/ledger/account/?{urlencode({'q': user.pk})}"
        return format_html(
            '<a class="text-link" href="{}">In the console of transactions</a>', page
        )


@admin.register(LoginEvent)
class LoginEventAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("happened_at", "type", "user", "detail", "ip", "user_agent", "actor")
    list_filter = ("type", HappenedFilter)
    list_select_related = ("user",)
    searched = Searched(ids=("user",), exact=("request_id",), addresses=("ip",), people=("user",))
    search_help_text = "User or request id or IP address in full; address"
    # As they happened, which is what the filter of time asks the index for.
    ordering = ("-happened_at", "-id")
    exported = (
        *("id", "happened_at", "type", "detail", "user_id", "ip", "user_agent", "request_id"),
        *("actor", "reason"),
    )
    exclude = ("address_hash",)


@admin.register(EmailAddress)
class EmailAddressAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("email", "user", "verified", "primary")
    list_filter = ("verified",)
    list_select_related = ("user",)
    searched = Searched(ids=("user",), prefixes=("email",), people=("user",))
    search_help_text = "User id in full; beginning of an address"
    exported = ("id", "user_id", "email", "verified", "primary")
    ordering = ("-id",)


@admin.register(TokenFamily)
class TokenFamilyAdmin(Listing, ReadOnlyModelAdmin):
    list_display = ("id", "user", "created_at", "last_seen_at", "ip", "ended_at", "end_reason")
    list_filter = ("end_reason", IdTimeFilter)
    list_select_related = ("user",)
    searched = Searched(ids=("id", "user"), people=("user",))
    search_help_text = "Id or user id in full; address"
    exported = ("id", "user_id", "created_at", "last_seen_at", "ip", "ended_at", "end_reason")
    ordering = ("-id",)
    empty_says = "Nobody has signed in to the API yet."
    # The key of the session would let whoever reads it act as the user.
    fields = (
        "id",
        "user",
        "created_at",
        "last_seen_at",
        "ip",
        "user_agent",
        "ended_at",
        "end_reason",
    )
