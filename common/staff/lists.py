"""
Lists of the consoles at a million rows: looked up by index, summed up, exported, remembered.

A list admin takes `Listing` before its other base, and says in `searched` what is looked up.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Expression, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from common.adminkit import ModelAdmin, amount_shown
from common.staff.exports import EXPORT_PERMISSION, export
from common.staff.saved_views import view_delete, view_save, views_of
from common.staff.searching import Searched

TOTALS_ROWS_MAX = 1_000
"""How many of the latest rows are summed up; more would take longer than a page may."""


class Total(NamedTuple):
    """What the rows of one currency come to, in minor units."""

    currency: str
    rows: int
    amount: int

    @property
    def shown(self) -> str:
        return amount_shown(self.amount, self.currency)

    @property
    def rows_shown(self) -> str:
        return f"{self.rows:,}"


class Totals(NamedTuple):
    """Sums by currency; `more` if only the latest `TOTALS_ROWS_MAX` rows are in them."""

    currencies: list[Total]
    rows: int
    more: bool

    @property
    def rows_shown(self) -> str:
        return f"{self.rows:,}"


class Listing(ModelAdmin):
    """What every large list of a console can do; nothing of it changes a row that is listed."""

    searched = Searched()
    totals_of: tuple[str | Expression, str] | None = None
    """The amount, a field or an expression, and the field of its currency, where rows have them."""
    totals_say = ""
    """What is summed up, where that does not go without saying."""
    exported: Sequence[str] = ()
    """The fields of the CSV; without any, nobody exports the list."""
    found_by_command = False
    """Whether Ctrl-K looks here, too."""

    list_before_template = "staff/lists/summary.html"
    sortable_by: Sequence[str] = ()

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:  # noqa: ARG002  Django's
        """Whether there is a search box; Django itself looks at none of these."""
        return self.searched.fields

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """Look the term up by the indexes of `searched`; without a term all rows."""
        if not search_term.strip():
            return queryset, False
        condition = self.searched.condition(search_term)
        return (queryset.none() if condition is None else queryset.filter(condition)), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: Any = super().changelist_view(request, extra_context)
        changelist = (getattr(response, "context_data", None) or {}).get("cl")
        if changelist is not None:
            response.context_data["summary"] = self._summary(request, changelist)
        return response

    def get_urls(self) -> list[URLPattern]:
        """The list's own pages, before whatever could be the id of a row."""
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap: Any = self.admin_site.admin_view
        mine = [
            path("views/save/", wrap(self._save), name=f"{info}_view_save"),
            path("views/<int:view_id>/delete/", wrap(self._delete), name=f"{info}_view_delete"),
        ]
        if self.exported:
            mine.append(path("export/", wrap(self._export), name=f"{info}_export"))
        return [*mine, *super().get_urls()]

    def _summary(self, request: HttpRequest, changelist: Any) -> dict[str, Any]:
        query = changelist.get_query_string(remove=["p"]).removeprefix("?")
        user: Any = request.user
        return {
            "totals": self._totals(changelist.queryset),
            "totals_say": self.totals_say,
            "views": views_of(user, self.opts.label_lower),
            "groups": user.groups.all() if query else (),
            "query": query,
            "exports": bool(self.exported) and user.has_perm(EXPORT_PERMISSION),
            "save_url": f"admin:{self.opts.app_label}_{self.opts.model_name}_view_save",
            "delete_url": f"admin:{self.opts.app_label}_{self.opts.model_name}_view_delete",
        }

    def _totals(self, rows: QuerySet[Any]) -> Totals | None:
        return None if self.totals_of is None else totals(rows, *self.totals_of)

    def _export(self, request: HttpRequest) -> HttpResponseBase:
        return export(self, request)

    def _save(self, request: HttpRequest) -> HttpResponse:
        return view_save(self, request)

    def _delete(self, request: HttpRequest, view_id: int) -> HttpResponse:
        return view_delete(self, request, view_id)


def totals(rows: QuerySet[Any], amount: str | Expression, currency: str) -> Totals:
    """Sum the latest rows of a selection up, by currency; one statement of bounded length."""
    sums: defaultdict[str, list[int]] = defaultdict(list)
    count = 0
    for one, minor in _latest(rows, amount, currency):
        count += 1
        if one and minor is not None and count <= TOTALS_ROWS_MAX:
            sums[one].append(minor)
    return Totals(
        [Total(one, len(amounts), sum(amounts)) for one, amounts in sorted(sums.items())],
        min(count, TOTALS_ROWS_MAX),
        count > TOTALS_ROWS_MAX,
    )


def _latest(
    rows: QuerySet[Any], amount: str | Expression, currency: str
) -> Iterator[tuple[str, int | None]]:
    yield from rows.values_list(currency, amount)[: TOTALS_ROWS_MAX + 1]
