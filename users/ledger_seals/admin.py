"""Kept seals in the console: to look at."""

from django.contrib import admin

from common.adminkit import ReadOnlyModelAdmin
from users.ledger_seals.models import KeptSeal, SealConflict


@admin.register(KeptSeal)
class KeptSealAdmin(ReadOnlyModelAdmin):
    list_display = ("number", "entries", "last_sequence", "digest", "sealed_at")
    search_fields = ("digest__exact",)
    search_help_text = "A digest, in full."
    ordering = ("-number",)


@admin.register(SealConflict)
class SealConflictAdmin(ReadOnlyModelAdmin):
    list_display = ("number", "entries", "last_sequence", "digest", "sealed_at", "received_at")
    search_fields = ("digest__exact",)
    search_help_text = "A digest, in full."
    ordering = ("-id",)
