"""Replaying and discarding dead letters: a page that asks why, a dry run, and the progress."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.adminkit import CheckBox, text_visible
from common.inbox.admin_causes import cause_asked, cause_words, wiring_of
from common.inbox.causes import cause_letters
from common.inbox.models import LetterRun
from common.inbox.resolving import Resolution
from common.inbox.runs import (
    LETTERS_MAX,
    REHEARSED_MAX,
    letters_rehearse,
    run_begin,
    run_step,
    run_stop,
)
from common.inbox.selection import Letters, Selection, letters_in_order, letters_select
from common.staff.actions import Target, staff_of, staff_permitted, staff_record
from common.staff.masking import masked_text
from common.staff.pages import page_response
from common.staff.reasons import ReasonField

_PERMISSIONS = {
    "replay": "inbox.replay_deadletter",
    "discard": "inbox.discard_deadletter",
}
_CHOSEN_MAX = 100
_DIGITS_MAX = 18
_OUTCOMES_MAX = 20
_PAUSE_MS = 300


class ReplayForm(forms.Form):
    """Asks why, and whether to try what failed too often."""

    force = forms.BooleanField(
        label="Also letters that failed five replays",
        help_text="They are passed over otherwise: what fails again and again needs a mend first.",
        required=False,
        widget=CheckBox(),
    )
    reason = ReasonField()
    key = forms.UUIDField(widget=forms.HiddenInput())

    act = LetterRun.Act.REPLAY


class DiscardForm(forms.Form):
    """Asks why, and whether the letters are the real events of their places."""

    rubbish = forms.BooleanField(
        label="They are no real events (rubbish)",
        help_text="Only the letters go: their streams wait on for the real events. Without it,"
        " streams move on, and what the events asked for is refused.",
        required=False,
        widget=CheckBox(),
    )
    reason = ReasonField()
    key = forms.UUIDField(widget=forms.HiddenInput())

    @property
    def act(self) -> LetterRun.Act:
        rubbish = self.cleaned_data["rubbish"]
        return LetterRun.Act.RUBBISH if rubbish else LetterRun.Act.DISCARD


_FORMS: dict[str, type[ReplayForm | DiscardForm]] = {"replay": ReplayForm, "discard": DiscardForm}


def resolve_page(model_admin: "ModelAdmin[Any]", request: HttpRequest) -> HttpResponse:
    """Say which letters would be replayed or discarded, and begin with it once it is confirmed."""
    act = request.GET.get("act", "")
    if act not in _FORMS:
        raise Http404
    staff_permitted(request, _PERMISSIONS[act])
    letters, words = _chosen(request)
    letter_ids = list(letters.values_list("id", flat=True))
    if request.method != "POST":
        return _ask(model_admin, request, _FORMS[act](initial={"key": uuid4()}), letter_ids, words)
    form = _FORMS[act](request.POST)
    if not form.is_valid():
        return _ask(model_admin, request, form, letter_ids, words)
    if "rehearse" in request.POST:
        tried = letters_rehearse(
            wiring=wiring_of(),
            act=form.act,
            letter_ids=letter_ids,
            force=form.cleaned_data.get("force", False),
        )
        return _ask(model_admin, request, form, letter_ids, words, tried=tried)
    run = _begin(request, form, letter_ids)
    if run is None:
        messages.info(request, "None of these letters is dead any more; nothing was changed.")
        return HttpResponseRedirect(reverse("admin:inbox_causes"))
    run_step(wiring=wiring_of(), run_id=run.pk)
    return HttpResponseRedirect(reverse("admin:inbox_run", args=[run.pk]))


def run_page(model_admin: "ModelAdmin[Any]", request: HttpRequest, run_id: int) -> HttpResponse:
    """Show how far a run is; a POST does some more of it, or stops it."""
    staff_permitted(request, "inbox.view_inboxwaiting")
    wiring = wiring_of()
    run = LetterRun.objects.filter(pk=run_id, consumer=wiring.consumer).first()
    if run is None:
        raise Http404
    permitted = _PERMISSIONS["replay" if run.act == LetterRun.Act.REPLAY else "discard"]
    if request.method == "POST":
        staff_permitted(request, permitted)
        return _go_on(request, run)
    return page_response(
        model_admin,
        request,
        "staff/kafka/run.html",
        title=f"{run.get_act_display()}: {_letters(len(run.letter_ids))}",
        run=run,
        words=_progress_words(run),
        total=len(run.letter_ids),
        stopped=run.finished_at is not None and run.done < len(run.letter_ids),
        counts={"headers": ["Result", "Letters"], "rows": sorted(run.counts.items())},
        troubles={"headers": ["Letter", "Result", "Why"], "rows": _troubles(run)},
        may_go_on=request.user.has_perm(permitted),
        all_causes=reverse("admin:inbox_causes"),
    )


def _go_on(request: HttpRequest, run: LetterRun) -> HttpResponse:
    wiring = wiring_of()
    if "stop" in request.POST:
        with transaction.atomic(durable=True):
            if run_stop(wiring=wiring, run_id=run.pk):
                _record(request, "dead_letters.stop", run, run.reason)
    else:
        run = run_step(wiring=wiring, run_id=run.pk)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(
            {
                "done": run.done,
                "words": _progress_words(run),
                "finished": run.finished_at is not None,
                "pause_ms": _PAUSE_MS,
            }
        )
    return HttpResponseRedirect(reverse("admin:inbox_run", args=[run.pk]))


def _begin(
    request: HttpRequest, form: ReplayForm | DiscardForm, letter_ids: list[int]
) -> LetterRun | None:
    """Write a run down with its record, both or neither; the same form makes the same run."""
    key: UUID = form.cleaned_data["key"]
    run = LetterRun.objects.filter(key=key).first()
    if run is not None or not letter_ids:
        return run
    staff = staff_of(request)
    with transaction.atomic(durable=True):
        run, is_new = run_begin(
            wiring=wiring_of(),
            key=key,
            act=form.act,
            letter_ids=letter_ids,
            actor=staff.actor,
            actor_email=staff.email,
            reason=form.cleaned_data["reason"],
            force=form.cleaned_data.get("force", False),
        )
        if is_new:
            _record(request, f"dead_letters.{run.act}", run, run.reason)
    return run


def _record(request: HttpRequest, action: str, run: LetterRun, reason: str) -> None:
    after = {"letters": len(run.letter_ids), "first": run.letter_ids[:20], "force": run.force}
    staff_record(
        staff_of(request), action=action, target=Target.of(run), reason=reason, after=after
    )


def _ask(
    model_admin: "ModelAdmin[Any]",
    request: HttpRequest,
    form: ReplayForm | DiscardForm,
    letter_ids: list[int],
    words: str,
    tried: list[Resolution] | None = None,
) -> HttpResponse:
    is_replay = isinstance(form, ReplayForm)
    label = "Replay" if is_replay else "Discard"
    return page_response(
        model_admin,
        request,
        "staff/kafka/resolve.html",
        title=f"{label} dead letters",
        form=form,
        label=f"{label} {_letters(len(letter_ids))}",
        dangerous=not is_replay,
        count=len(letter_ids),
        words=words,
        cut=f"Only the first {LETTERS_MAX:,} are meant." if len(letter_ids) == LETTERS_MAX else "",
        tried=None if tried is None else _tried(tried),
        rehearsed_max=REHEARSED_MAX,
        is_replay=is_replay,
        all_causes=reverse("admin:inbox_causes"),
    )


def _chosen(request: HttpRequest) -> tuple[Letters, str]:
    """The letters that an address means, in the order of their streams, and which these are."""
    wiring, ids = wiring_of(), request.GET.getlist("id")
    if ids:
        if len(ids) > _CHOSEN_MAX or not all(map(_is_number, ids)):
            raise Http404
        selection = Selection(ids=[int(one) for one in ids])
        return letters_select(consumer=wiring.consumer, selection=selection), "the chosen letters"
    cause = cause_asked(request)
    letters = letters_in_order(cause_letters(consumer=wiring.consumer, cause=cause))
    return letters[:LETTERS_MAX], f"all letters of “{cause_words(cause)}”"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX


def _tried(tried: list[Resolution]) -> dict[str, Any]:
    failed = [one for one in tried if one.failed]
    shown = [*failed, *(one for one in tried if not one.failed)][:_OUTCOMES_MAX]
    return {
        "number": len(tried),
        "failed": len(failed),
        "counts": {
            "headers": ["Result", "Letters"],
            "rows": sorted(Counter(one.result for one in tried).items()),
        },
        "outcomes": {
            "headers": ["Letter", "Result", "What would come of it"],
            "rows": [
                [_letter_link(one.letter_id), one.result, text_visible(masked_text(one.outcome))]
                for one in shown
            ],
        },
    }


def _troubles(run: LetterRun) -> list[list[Any]]:
    return [
        [_letter_link(letter_id), result, text_visible(masked_text(words))]
        for letter_id, result, words in run.troubles
    ]


def _letter_link(letter_id: int) -> SafeString:
    page = reverse("admin:inbox_inboxwaiting_change", args=[letter_id])
    return format_html('<a class="console-link" href="{}">{}</a>', page, letter_id)


def _letters(number: int) -> str:
    return "1 letter" if number == 1 else f"{number:,} letters"


def _progress_words(run: LetterRun) -> str:
    told = ", ".join(f"{number:,} {result}" for result, number in sorted(run.counts.items()))
    return f"{run.done:,} of {len(run.letter_ids):,} tried" + (f": {told}" if told else "")
