"""The dialog by which staff let a halted consumer go on."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.module_loading import import_string

from common.adminkit import NumberInput, text_visible
from common.inbox.errors import NotHalted
from common.inbox.models import ConsumerHalt
from common.inbox.releasing import consumer_resume
from common.inbox.wiring import Wiring
from common.staff.dialogs import Ask, Dialog, DialogForm

_LET_THROUGH_MAX = 10_000


class ResumeForm(DialogForm):
    """Asks how many further letters are expected, and why the consumer may go on."""

    let_through = forms.IntegerField(
        label="Letters to let through",
        help_text="So many further dead letters of each process do not count against it: for"
        " records that will never be anything else.",
        min_value=0,
        max_value=_LET_THROUGH_MAX,
        initial=0,
        widget=NumberInput(),
    )

    field_order = ("let_through", "reason")


def _resume(halt: ConsumerHalt, ask: Ask) -> str:
    if not _is_open(ConsumerHalt.objects.get(pk=halt.pk)):
        raise NotHalted
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    consumer_resume(
        wiring=wiring,
        actor=ask.staff.actor,
        reason=ask.reason,
        let_through=ask.fields["let_through"],
    )
    return f"The consumer of {wiring.consumer} goes on within a second or two."


def _tells(halt: ConsumerHalt) -> list[str]:
    return [
        f"It halted because of {text_visible(halt.reason)}.",
        "Every process of the consumer goes on, and counts its failures anew.",
        "If the cause is not mended, it halts again.",
    ]


def _state(halt: ConsumerHalt) -> dict[str, Any]:
    return {"halted": _is_open(halt), "let_through": halt.let_through}


def _is_open(halt: ConsumerHalt) -> bool:
    return halt.resumed_at is None


RESUME = Dialog(
    action="consumer.resume_consumer",
    label="Resume the consumer",
    permission="inbox.resume_consumer",
    tells=_tells,
    act=_resume,
    state=_state,
    fits=_is_open,
    form=ResumeForm,
    icon="play_arrow",
)
"""For the page of a halt that is in force."""
