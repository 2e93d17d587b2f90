"""The rows of a list as CSV: asked for with a reason, recorded, and streamed page by page."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from common.csv_cells import cell_safe, rows_encoded
from common.staff.actions import Target, staff_of, staff_permitted, staff_record
from common.staff.reasons import ReasonField

EXPORT_PERMISSION = "staff.export_lists"
EXPORT_ROWS_MAX = 100_000
"""Rows of one file; a worker is busy with it meanwhile."""

_ROWS_A_PAGE = 1_000


class ExportForm(forms.Form):
    """Asks why."""

    reason = ReasonField()


def export(admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Ask why, and then give what the list shows by its present filters and search."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    staff_permitted(request, EXPORT_PERMISSION)
    _check_can_be_kept(request)
    changelist = admin.get_changelist_instance(request)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _ask(admin, request, form)
    with transaction.atomic(durable=True):
        staff_record(
            staff_of(request),
            action="list.export",
            target=Target(admin.opts.label_lower),
            reason=form.cleaned_data["reason"],
            after={"filters": dict(request.GET.lists()), "fields": list(admin.exported)},
        )
    pages = export_pages(changelist.queryset, admin.exported)
    name = f"{admin.opts.model_name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.csv"
    return StreamingHttpResponse(
        pages,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def export_pages(rows: QuerySet[Any], fields: Sequence[str]) -> Iterator[bytes]:
    """
    The header, then the rows by descending key, in pieces; amounts are minor units.

    Each piece is a statement of its own that begins where the last one ended, so nobody holds a
    transaction open for as long as the download takes. A file that is cut says so in its last row.
    """
    yield rows_encoded([fields])
    rows, last, left = rows.order_by("-pk"), None, EXPORT_ROWS_MAX
    while left:
        page = rows if last is None else rows.filter(pk__lt=last)
        found = list(page.values_list("pk", *fields)[: min(_ROWS_A_PAGE, left)])
        if not found:
            return
        yield rows_encoded([_cell(value) for value in row[1:]] for row in found)
        last, left = found[-1][0], left - len(found)
    if rows.filter(pk__lt=last).exists():
        yield rows_encoded([[f"cut after {EXPORT_ROWS_MAX} rows: choose fewer by a filter"]])


def _check_can_be_kept(request: HttpRequest) -> None:
    """Raise `BadRequest` for a NUL, which no record can hold."""
    if any("\x00" in value for _, values in request.GET.lists() for value in values):
        raise BadRequest("a NUL in a filter")


def _list_of(admin: Any) -> str:
    return reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_changelist")


def _ask(admin: Any, request: HttpRequest, form: ExportForm) -> TemplateResponse:
    changelist = _list_of(admin)
    query = request.GET.urlencode()
    context = {
        **admin.admin_site.each_context(request),
        "title": f"Export {admin.opts.verbose_name_plural}",
        "opts": admin.opts,
        "form": form,
        "filters": [(name, value) for name, values in request.GET.lists() for value in values],
        "fields": admin.exported,
        "rows_max": EXPORT_ROWS_MAX,
        "page": f"{changelist}?{query}" if query else changelist,
    }
    return TemplateResponse(request, "staff/lists/export.html", context)


def _cell(value: Any) -> str | int:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return cell_safe(str(value))
