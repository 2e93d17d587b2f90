"""A wallet's statement in the console: pages to read, and all of a period as CSV."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from common.adminkit import TextInput, amount_shown, id_shown, text_visible, time_shown
from common.staff.actions import Target, staff_of, staff_permitted, staff_record
from common.staff.reasons import ReasonField
from transactions.ledger.models import Account
from transactions.ledger.statement_csv import statement_csv
from transactions.ledger.statement_places import place_read, place_write
from transactions.ledger.statements import Line, Period, Place, StatementPage, statement_page
from transactions.ledger.statements_api import statement_whole

EXPORT = "staff.export_lists"
LINES = 50

_HEADERS = ("Recorded", "Kind", "Amount", "Balance after", "Reference", "Transaction", "Effective")
_DAY = timedelta(days=1)


class StatementForm(forms.Form):
    """Which days of UTC, both included, and behind which line."""

    start = forms.DateField(label="From", required=False, widget=TextInput(attrs={"type": "date"}))
    end = forms.DateField(label="To", required=False, widget=TextInput(attrs={"type": "date"}))
    cursor = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_cursor(self) -> Place | None:
        cursor = self.cleaned_data["cursor"]
        try:
            return place_read(cursor) if cursor else None
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid") from None

    def clean(self) -> dict[str, Any]:
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start and end and start > end:
            raise forms.ValidationError("The first day is after the last one.", code="invalid")
        return self.cleaned_data

    def period(self) -> Period:
        """The days as moments of recorded time."""
        start, end = self.cleaned_data["start"], self.cleaned_data["end"]
        # The last day of the calendar has no day behind it, and needs none.
        last = None if end is None or end == date.max else _midnight(end + _DAY)
        return Period(None if start is None else _midnight(start), last)


class ExportForm(StatementForm):
    """Why the statement is taken along."""

    reason = ReasonField()


def statement_answer(
    request: HttpRequest, account: Account, context: dict[str, Any]
) -> HttpResponseBase:
    """
    Show some lines of a wallet's statement; a POST with a reason gives all of a period as CSV.

    `context` is the console's own.
    """
    export = ExportForm(request.POST) if request.method == "POST" else None
    if export is not None:
        staff_permitted(request, EXPORT)
        if export.is_valid():
            return _exported(request, account, export)
    asked = StatementForm(request.POST if export else request.GET)
    page = _page(account, asked) if asked.is_valid() else None
    days = {name: asked[name].value() or "" for name in ("start", "end")}
    following = ""
    if page and page.has_more:
        following = urlencode({**days, "cursor": place_write(page.lines[-1].place)})
    return TemplateResponse(
        request,
        "ledger/statement.html",
        {
            **context,
            "account": account,
            "form": asked,
            "export": export or ExportForm(initial=days),
            "may_export": request.user.has_perm(EXPORT),
            "opening": page and amount_shown(page.opening_balance, account.currency),
            "closing": page and amount_shown(page.closing_balance, account.currency),
            "table": page and {"headers": _HEADERS, "rows": _rows(page.lines, account.currency)},
            "following": following,
            "continued": bool(asked.data.get("cursor")),
        },
    )


def _page(account: Account, asked: StatementForm) -> StatementPage:
    return statement_page(
        account_id=account.pk,
        period=asked.period(),
        after=asked.cleaned_data["cursor"],
        limit=LINES,
    )


def _rows(lines: Sequence[Line], currency: str) -> list[list[str | SafeString]]:
    return [
        [
            time_shown(line.recorded_at),
            line.kind,
            amount_shown(line.amount, currency),
            amount_shown(line.balance_after, currency),
            text_visible(line.reference or ""),
            id_shown(line.transaction_id),
            time_shown(line.effective_at),
        ]
        for line in lines
    ]


def _exported(request: HttpRequest, account: Account, export: ExportForm) -> StreamingHttpResponse:
    days = [export.cleaned_data[name] for name in ("start", "end")]
    with transaction.atomic(durable=True):
        staff_record(
            staff_of(request),
            action="account.export_statement",
            target=Target.of(account),
            reason=export.cleaned_data["reason"],
            after={"from": days[0] and days[0].isoformat(), "to": days[1] and days[1].isoformat()},
        )
    pages = statement_whole(account, export.period())
    name = f"statement-{account.currency}-{account.pk}.csv"
    return StreamingHttpResponse(
        statement_csv(pages, currency=account.currency),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
