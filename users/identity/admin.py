"""People in the console: to look at; changing a status is a service's work, not a form's."""

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group

from common.adminkit import ReadOnlyInline, ReadOnlyModelAdmin
from users.identity.models import TokenFamily, User, UserStatusChange

# Others register these without our look and without our rules.
admin.site.unregister(EmailAddress)
admin.site.unregister(Group)


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


@admin.register(User)
class UserAdmin(ReadOnlyModelAdmin):
    list_display = ("email", "display_name", "status", "role", "is_staff", "created_at")
    list_filter = ("status", "role", "is_staff")
    id_fields = ("id",)
    search_fields = ("email__startswith", "display_name__startswith")
    ordering = ("-id",)
    fields = (
        "id",
        "email",
        "display_name",
        "status",
        "role",
        "is_staff",
        "is_superuser",
        "groups",
        "created_at",
        "last_login",
    )
    inlines = (UserStatusChangeInline,)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyModelAdmin):
    list_display = ("email", "user", "verified", "primary")
    list_filter = ("verified", "primary")
    list_select_related = ("user",)
    id_fields = ("user",)
    search_fields = ("email__startswith",)
    ordering = ("-id",)


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyModelAdmin):
    list_display = ("id", "user", "created_at", "ended_at", "end_reason")
    list_filter = ("end_reason",)
    list_select_related = ("user",)
    id_fields = ("id", "user")
    search_fields = ("user__email__exact",)
    ordering = ("-id",)
    # The key of the session would let whoever reads it act as the user.
    fields = ("id", "user", "created_at", "ended_at", "end_reason")
