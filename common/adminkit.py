"""
The rules of both admin consoles; the only module that imports unfold.

Lists stay fast at a million rows, rows are for reading, and whatever came from outside is shown
as text. How a console looks is in `common.console`.
"""

import functools
import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.checks import ModelAdminChecks
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db.models import DateTimeField, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import TabularInline as UnfoldTabularInline
from unfold.dataclasses import SearchResult
from unfold.decorators import action, display
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.views import ChangeList as UnfoldChangeList
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxSelectMultiple
from unfold.widgets import UnfoldAdminIntegerFieldWidget as NumberInput
from unfold.widgets import UnfoldAdminTextareaWidget as TextArea
from unfold.widgets import UnfoldAdminTextInputWidget as TextInput
from unfold.widgets import UnfoldBooleanWidget as CheckBox

from common.console_refusals import RefusedInWords, Words
from common.db.keyset import FIRST, LAST, KeysetPage, NoSuchPlace, keyset_page
from common.money import money_display
from common.strict_json import NotJson, strict_json_loads

__all__ = [
    "NOTHING",
    "AdminOwnPasswordChangeForm",
    "AuthenticationForm",
    "CheckBox",
    "CheckboxSelectMultiple",
    "ModelAdmin",
    "NumberInput",
    "ReadOnlyInline",
    "ReadOnlyModelAdmin",
    "SearchResult",
    "TextArea",
    "TextInput",
    "action",
    "amount_shown",
    "display",
    "duration_shown",
    "id_shown",
    "moment_shown",
    "payload_shown",
    "status_display",
    "status_text",
    "text_visible",
    "time_shown",
]

PAYLOAD_SHOWN_MAX = 64 * 1024

NOTHING = "–"  # noqa: RUF001  a dash, shown for what is absent

_NO_SUCH_LIST = Words(
    "The console cannot read this address",
    "A filter or a page in it does not exist: it was typed, or is of an old link.",
    "Without filters",
)

TONES = {
    **dict.fromkeys(
        ("active", "open", "posted", "applied", "published", "publishes", "replayed"), "success"
    ),
    **dict.fromkeys(("pending", "authorised", "closing", "captured"), "info"),
    **dict.fromkeys(("waiting", "suspended", "frozen", "expired", "voided", "reversed"), "warning"),
    **dict.fromkeys(("partially_reversed", "pending_verification", "superseded"), "warning"),
    **dict.fromkeys(("rejected", "dead", "closed", "forked", "parked", "contested"), "danger"),
}
"""The colour beside the word of a status; a word that is not here is grey."""

Shown = TypeVar("Shown", bound=Callable[..., Any])


class ChangeList(UnfoldChangeList):
    """
    A list that is sorted by what `sortable_by` names alone, whatever its address says.

    Each of its pages begins where another ended, and nobody counts its rows.
    """

    page: KeysetPage

    def get_ordering_field(self, field_name: Any) -> Any:
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_results(self, request: HttpRequest) -> None:
        """Read a page; raises `IncorrectLookupParameters` for one that cannot be."""
        place = request.GET.get(PAGE_VAR, FIRST)
        try:
            self.page = keyset_page(self.queryset, size=self.list_per_page, place=place)
        except NoSuchPlace as error:
            raise IncorrectLookupParameters from error
        self.result_list = self.page.rows
        # Where these two differ, the theme says how many there are and offers to choose them all.
        self.result_count = self.full_result_count = len(self.page.rows)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True

    def pages(self) -> list[tuple[str, str | None]]:
        """Where the pages around this one are, by their titles; None: there is none."""
        before, after = self.page.previous, self.page.next
        places = {
            "First": None if before is None else FIRST,
            "Previous": before,
            "Next": after,
            "Last": None if after is None else LAST,
        }
        return [
            (title, None if place is None else self.get_query_string({PAGE_VAR: place or None}))
            for title, place in places.items()
        ]


class ModelAdmin(UnfoldModelAdmin):
    """A list that stays fast: few rows a page, and no count of the whole table."""

    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    list_fullwidth = True
    sortable_by: Sequence[str] = ()
    """Columns to sort by; each must be the first of an index, or all rows are read for a page."""
    # The theme's own ask the database for permissions, at a time when there may be none.
    checks_class = ModelAdminChecks

    empty_says = "They are listed here as they come."
    """What a list without a row says: why that may be, and what to do."""

    linked_lookups: tuple[str, ...] = ()
    """Conditions that links of the console have, beside those of `list_filter`."""

    id_fields: tuple[str, ...] = ()
    """Fields of UUIDs that a whole id is looked up in; Django's own search compares text."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The columns; times among them are shown as times."""
        return [
            _as_time(self.model, name, moment_shown) for name in super().get_list_display(request)
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The fields of a row's page; times among them are shown as times."""
        return _with_times(self.model, super().get_fieldsets(request, obj))

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002
        return ChangeList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read the list that an address asks for; raises `RefusedInWords` if there is no such."""
        try:
            return super().get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise RefusedInWords(_NO_SUCH_LIST) from error

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """
        Take from an address what a filter or a link of ours asks, and nothing else.

        Django takes any comparison of any column: it reads the whole table for it, and tells by
        what is found how a secret begins that no page shows.
        """
        asked = {*self.linked_lookups}.union(*map(_lookups_of, self.get_list_filter(request)))
        return lookup in asked and "\x00" not in value

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        """Show the search box also where ids alone can be looked up."""
        return super().get_search_fields(request) or self.id_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look a whole id up by index, and search text only for what is not one."""
        term = search_term.strip()
        if term and self.id_fields:
            try:
                wanted = UUID(term)
            except ValueError:
                if not self.search_fields:
                    return queryset.none(), False
            else:
                matches = [Q(**{field: wanted}) for field in self.id_fields]
                return queryset.filter(functools.reduce(Q.__or__, matches)), False
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, term)
        return found

    @property
    def request(self) -> NoReturn:
        """
        Not kept: the theme stores each request here, on an object that all threads share.

        Only list filters that bring scripts of their own would need it.
        """
        raise AttributeError("the request is not kept on the admin")

    @request.setter
    def request(self, _: HttpRequest) -> None:
        """Forget it."""


class ReadOnlyModelAdmin(ModelAdmin):
    """Rows that nobody adds, changes or deletes by hand, superusers included."""

    change_form_template = "admin/read_only_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        return {}

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002  Django's signature
    ) -> HttpResponseRedirect:
        """Lead to the record of what staff did to the row; Django's own log is always empty."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = reverse(f"{self.admin_site.name}:staff_staffaction_changelist")
        return HttpResponseRedirect(f"{record}?{urlencode({'q': unquote(object_id)})}")


class ReadOnlyInline(UnfoldTabularInline):
    """Rows of a page's subject, shown as a table."""

    extra = 0
    can_delete = False
    show_change_link = False

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The columns; times among them are shown as times."""
        return _with_times(self.model, super().get_fieldsets(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """The same as in `get_fieldsets`: what is for reading only stays out of the form."""
        readonly = super().get_readonly_fields(request, obj)
        return [_as_time(self.model, name, time_shown) for name in readonly]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


def status_display(*, description: str, ordering: str | None = None) -> Callable[[Shown], Shown]:
    """Show a status as its word in the colour of `TONES`."""

    def decorate(word_of: Shown) -> Shown:
        @functools.wraps(word_of)
        def shown(*asked: Any) -> SafeString:
            return _status_shown(word_of(*asked))

        decorated: Shown = display(description=description, ordering=ordering)(shown)
        return decorated

    return decorate


@functools.lru_cache(maxsize=256)  # there are few words, and fifty templates a page were slow
def _status_shown(word: str) -> SafeString:
    context = {"text": status_text(word), "type": TONES.get(word, "")}
    return render_to_string("unfold/helpers/label.html", context)


def status_text(word: str) -> str:
    """The word of a status as people write it."""
    return word.replace("_", " ")


def amount_shown(amount: int | None, currency: str) -> SafeString:
    """Show minor units so that digits of one column stand below each other."""
    text = NOTHING if amount is None else money_display(amount, currency)
    return format_html('<span class="console-amount">{}</span>', text)


def id_shown(value: object) -> SafeString:
    """Show an id in full, and in a face that tells its characters apart."""
    return format_html('<span class="console-code">{}</span>', NOTHING if value is None else value)


def time_shown(at: datetime | None) -> SafeString:
    """Show a time to the millisecond, in UTC, and for machines as it is."""
    if at is None:
        return format_html("{}", NOTHING)
    utc = at.astimezone(UTC)
    text = f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 1000:03d} UTC"
    return format_html('<time datetime="{}" class="console-code">{}</time>', utc.isoformat(), text)


def moment_shown(at: datetime | None) -> SafeString:
    """Show a time to the second, where a column of them stands; in UTC as all are."""
    if at is None:
        return format_html("{}", NOTHING)
    utc = at.astimezone(UTC)
    text = f"{utc:%Y-%m-%d %H:%M:%S}"
    return format_html('<time datetime="{}">{}</time>', utc.isoformat(), text)


def duration_shown(duration: timedelta | None) -> str:
    """Show how long something took in the unit that fits: `3 ms`, `2.5 s`, `4 min`, `3 h`."""
    if duration is None:
        return NOTHING
    seconds = duration.total_seconds()
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    for unit, size, limit in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 48 * 3600)):
        if abs(seconds) < limit:
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{duration.days} d"


def payload_shown(
    payload: bytes | memoryview | str | dict[str, Any] | list[Any] | None,
) -> SafeString:
    """
    Show what came from outside as text, laid out if it is strict JSON.

    Nothing of it is interpreted: markup is escaped, and characters that have no shape of their
    own or turn the text around are shown as escapes. Cut at `PAYLOAD_SHOWN_MAX` characters.
    """
    if payload is None:
        return format_html("{}", NOTHING)
    text = text_visible(_laid_out(payload))
    rest = len(text) - PAYLOAD_SHOWN_MAX
    note = f"\n… {rest} more characters" if rest > 0 else ""
    return format_html(
        '<pre class="console-payload" tabindex="0">{}{}</pre>', text[:PAYLOAD_SHOWN_MAX], note
    )


def text_visible(text: str) -> str:
    """Replace control, formatting and private characters by escapes; keeps line ends and tabs."""
    return "".join(
        character if character in "\n\t" or not _is_hidden(character) else _escape(character)
        for character in text
    )


def _with_times(model: type[Model], fieldsets: Any) -> Any:
    """
    Let fields of times be shown as `time_shown` does.

    Django writes them as text, which says nothing of where the reader is.
    """
    return [
        (title, {**options, "fields": [_field_as_time(model, one) for one in options["fields"]]})
        for title, options in fieldsets
    ]


def _field_as_time(model: type[Model], names: Any) -> Any:
    """A field, or several that stand in one line."""
    if isinstance(names, (list, tuple)):
        return [_as_time(model, name, time_shown) for name in names]
    return _as_time(model, names, time_shown)


@functools.cache
def _as_time(model: type[Model], name: Any, show: Callable[[Any], SafeString]) -> Any:
    """What shows a field of times by `show`; anything else is shown as it is."""
    try:
        field = model._meta.get_field(name)  # noqa: SLF001  Django's API
    except FieldDoesNotExist:
        return name
    if not isinstance(field, DateTimeField):
        return name

    def shown(row: Any) -> SafeString:
        return show(getattr(row, name))

    shown.__name__ = name  # the class of its column
    return display(description=field.verbose_name)(shown)


def _lookups_of(offered: Any) -> Iterator[str]:
    """How an address names the conditions of a filter, one of a `list_filter`."""
    if isinstance(offered, str):
        yield offered
        yield from (f"{offered}__{one}" for one in ("exact", "isnull", "id__exact"))
    elif isinstance(offered, tuple):
        yield offered[0]
    elif issubclass(offered, SimpleListFilter):
        yield str(offered.parameter_name)
    else:
        yield from offered.names


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def _escape(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004  the BMP


def _laid_out(payload: bytes | memoryview | str | dict[str, Any] | list[Any]) -> str:
    if isinstance(payload, (dict, list)):
        return json.dumps(payload, indent=2, ensure_ascii=False, default=str)
    text = payload if isinstance(payload, str) else bytes(payload).decode(errors="backslashreplace")
    try:
        document = strict_json_loads(text.encode(), size_max=PAYLOAD_SHOWN_MAX)
    except (NotJson, UnicodeEncodeError):
        return text  # laid out, it might hide what is wrong with it
    return json.dumps(document, indent=2, ensure_ascii=False)
