"""Kept seals in the console: to look at."""

from django.contrib import admin

from common.adminkit import ReadOnlyModelAdmin
from common.staff.lists import Listing
from common.staff.searching import Searched
from users.ledger_seals.models import KeptSeal, SealConflict

_FIELDS = ("number", "entries", "last_sequence", "digest", "sealed_at")


@admin.register(KeptSeal)
class KeptSealAdmin(Listing, ReadOnlyModelAdmin):
    list_display = _FIELDS
    searched = Searched(exact=("digest",), numbers=("number",))
    search_help_text = "A digest in full; the number of a seal"
    exported = (*_FIELDS, "previous")
    ordering = ("-number",)
    empty_says = "The ledger seals its journal once a minute and tells of it; none has come yet."


@admin.register(SealConflict)
class SealConflictAdmin(Listing, ReadOnlyModelAdmin):
    list_display = (*_FIELDS, "received_at")
    searched = Searched(exact=("digest",), numbers=("number",))
    search_help_text = "A digest in full; the number of a seal"
    exported = (*_FIELDS, "previous", "received_at")
    ordering = ("-id",)
    empty_says = "No seal that came contradicts those that are kept. That is as it should be."
