"""
Dialogs of the consoles: a page says what will happen and asks why, and then it is done.

A `Dialog` describes one thing that staff do to one row. `detail_dialog` makes it an action of the
row's page, `list_dialog` one of chosen rows of a list; both only for a `DialogAdmin`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from common.adminkit import ReadOnlyModelAdmin, action, text_visible
from common.db.transient import is_transient
from common.errors import ServiceError
from common.staff.actions import (
    Staff,
    State,
    Target,
    staff_act,
    staff_of,
    staff_permitted,
    staff_rehearse,
)
from common.staff.reasons import ReasonField

ROWS_MAX = 100
"""How many rows of a list a dialog is about at most; each is a transaction of its own."""

_SHOWN_MAX = 10
_BUSY = "The database is busy, and nothing was changed. Try again."
_TEMPLATE = "staff/dialogs/dialog.html"

Row = TypeVar("Row", bound=Model)


class DialogForm(forms.Form):
    """
    Asks for the reason; a dialog that needs more has a form with more fields.

    `rows` are what the dialog is about, for forms whose fields depend on it.
    """

    reason = ReasonField()

    def __init__(self, *arguments: Any, rows: Sequence[Any], **options: Any) -> None:
        self.rows = rows
        super().__init__(*arguments, **options)
        # Whatever else is asked stands before it.
        self.order_fields([name for name in self.fields if name != "reason"])


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Who of staff asks, why and when, with the other fields of the dialog's form."""

    staff: Staff
    reason: str
    at: datetime
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Dialog(Generic[Row]):
    """
    Something that staff do to one row, by a service.

    `act` becomes part of a transaction with its record; it says in a sentence what came of it, and
    a `ServiceError` of it is shown in the dialog. `tells` says what will happen, a sentence each;
    `state` is what the record compares. Where `fits` is false, the row's page does not offer it.
    With `rehearsed`, staff can try it first: it is done and undone. `permission` is asked twice,
    for the page and for the deed.
    """

    action: str
    label: str
    permission: str
    tells: Callable[[Row], Sequence[str]]
    act: Callable[[Row, Ask], str]
    state: Callable[[Row], State]
    fits: Callable[[Row], bool] = lambda _: True
    form: type[DialogForm] = DialogForm
    icon: str = ""
    dangerous: bool = False
    rehearsed: bool = False


class DialogAdmin(ReadOnlyModelAdmin):
    """Rows that nobody edits, and that staff act on through dialogs alone."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found = [self.get_action(each) for each in self.actions or ()]
        return {
            name: (function, name, description)
            for function, name, description in (each for each in found if each)
            if request.user.has_perm(function.staff_dialog.permission)
        }

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        offered = super().get_actions_detail(request, object_id)
        dialogs = [getattr(each.method, "staff_dialog", None) for each in offered]
        row = self.get_object(request, unquote(str(object_id))) if any(dialogs) else None
        return [
            each
            for each, dialog in zip(offered, dialogs, strict=True)
            if dialog is None or (row is not None and dialog.fits(row))
        ]


def detail_dialog(dialog: Dialog[Any]) -> Callable[..., HttpResponse]:
    """Make a dialog an action of a row's page, for `actions_detail`."""

    def ask(self: DialogAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        return _Asking(self, request, dialog, [row], page).answer()

    ask.__name__ = dialog.action.rpartition(".")[2]
    made: Callable[..., HttpResponse] = action(
        ask,
        description=dialog.label,
        url_path=ask.__name__.replace("_", "-"),
        permissions=[dialog.permission],
        icon=dialog.icon or None,
    )
    made.staff_dialog = dialog  # type: ignore[attr-defined]  # `DialogAdmin` reads it
    return made


def list_dialog(dialog: Dialog[Any]) -> Callable[..., HttpResponse]:
    """Make a dialog an action on chosen rows of a list, for `actions`; at most `ROWS_MAX`."""

    def ask(self: DialogAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        staff_permitted(request, dialog.permission)
        page = request.get_full_path()
        rows = list(queryset[: ROWS_MAX + 1])
        if len(rows) > ROWS_MAX:
            messages.error(request, f"Choose {ROWS_MAX} rows at most; nothing was changed.")
            return HttpResponseRedirect(page)
        return _Asking(self, request, dialog, rows, page, chosen=True).answer()

    ask.__name__ = dialog.action.rpartition(".")[2]
    ask.short_description = dialog.label  # type: ignore[attr-defined]  # Django reads it
    ask.staff_dialog = dialog  # type: ignore[attr-defined]  # `DialogAdmin` reads it
    return ask


@dataclass(frozen=True)
class _Asking:
    """One request for a dialog about some rows; `chosen` if they come from a list."""

    admin: DialogAdmin
    request: HttpRequest
    dialog: Dialog[Any]
    rows: list[Any]
    page: str
    chosen: bool = False

    def answer(self) -> HttpResponse:
        """Show the dialog, or do what was confirmed and lead back."""
        sent = self.request.POST
        if not {"confirm", "rehearse"} & sent.keys():
            return self._show(self.dialog.form(rows=self.rows))
        form = self.dialog.form(sent, rows=self.rows)
        if not form.is_valid():
            return self._show(form)
        if "rehearse" in sent and self.dialog.rehearsed:
            return self._show(form, rehearsal=self._each(form, self._rehearse))
        results = self._each(form, self._act)
        failed = [text for text, done in results if not done]
        if failed and not self.chosen:
            form.add_error(None, failed[0])
            return self._show(form)
        self._tell(results)
        return HttpResponseRedirect(self.page)

    def _each(self, form: DialogForm, do: Callable[[Any, Ask], str]) -> list[tuple[str, bool]]:
        """What came of each row, and whether it was done."""
        fields = dict(form.cleaned_data)
        ask = Ask(
            staff=staff_of(self.request),
            reason=fields.pop("reason"),
            at=timezone.now(),
            fields=fields,
        )
        return [self._one(row, ask, do) for row in self.rows]

    def _one(self, row: Any, ask: Ask, do: Callable[[Any, Ask], str]) -> tuple[str, bool]:
        subject = f"{text_visible(str(row))}: " if self.chosen else ""
        try:
            return f"{subject}{do(row, ask)}", True
        except ServiceError as refusal:
            return f"{subject}{refusal.detail}", False
        except DatabaseError as error:
            if not is_transient(error):
                raise
            return f"{subject}{_BUSY}", False

    def _act(self, row: Any, ask: Ask) -> str:
        return staff_act(
            self.request,
            permission=self.dialog.permission,
            action=self.dialog.action,
            target=Target.of(row),
            reason=ask.reason,
            act=lambda: self.dialog.act(row, ask),
            state=lambda: self._state(row),
        )

    def _rehearse(self, row: Any, ask: Ask) -> str:
        return staff_rehearse(
            self.request,
            permission=self.dialog.permission,
            act=lambda: self.dialog.act(row, ask),
        )

    def _state(self, row: Any) -> State:
        row.refresh_from_db()
        return self.dialog.state(row)

    def _tell(self, results: list[tuple[str, bool]]) -> None:
        for level, wanted in ((messages.SUCCESS, True), (messages.ERROR, False)):
            texts = [text for text, done in results if done is wanted]
            for text in texts[:_SHOWN_MAX]:
                messages.add_message(self.request, level, text)
            if (more := len(texts) - _SHOWN_MAX) > 0:
                messages.add_message(self.request, level, f"… and {more} more.")

    def _show(
        self, form: DialogForm, rehearsal: Sequence[tuple[str, bool]] = ()
    ) -> TemplateResponse:
        row = self.rows[0] if len(self.rows) == 1 else None
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": self.dialog.label,
            "opts": self.admin.opts,
            "dialog": self.dialog,
            "subjects": [text_visible(str(each)) for each in self.rows[:_SHOWN_MAX]],
            "more": max(0, len(self.rows) - _SHOWN_MAX),
            "count": len(self.rows),
            "tells": self.dialog.tells(row) if row is not None else [],
            "form": form,
            "rehearsal": rehearsal,
            "page": self.page,
            "chosen": [each.pk for each in self.rows] if self.chosen else [],
            "chosen_name": ACTION_CHECKBOX_NAME,
            "action_name": self.request.POST.get("action", ""),
        }
        return TemplateResponse(self.request, _TEMPLATE, context)
