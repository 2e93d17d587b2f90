"""Dead letters as staff look at them: by cause, with a sample beside the contract of its event."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from common.adminkit import id_shown, payload_shown, text_visible, time_shown
from common.console import Figure
from common.events.contracts import EVENT_TYPES
from common.inbox.causes import (
    CAUSES_MAX,
    LETTERS_READ_MAX,
    Cause,
    CauseGroup,
    cause_letters,
    cause_read,
    causes_read,
)
from common.inbox.contract_check import ContractCheck, contract_check
from common.inbox.models import InboxWaiting
from common.inbox.records import record_of
from common.inbox.selection import BEHIND_MANY, with_behind
from common.inbox.wiring import Wiring
from common.staff.actions import staff_permitted
from common.staff.asked import number_asked, text_asked
from common.staff.masking import masked_payload, masked_text
from common.staff.pages import page_response

_LETTERS_A_PAGE = 50
_VIEW = "inbox.view_inboxwaiting"
_ERROR_SHOWN_MAX = 200


def wiring_of() -> Wiring:
    """This service's consumer."""
    wiring: Wiring = import_string(settings.EVENT_WIRING)
    return wiring


def causes_page(model_admin: "ModelAdmin[Any]", request: HttpRequest) -> HttpResponse:
    """Show what letters died of, with how many users wait behind each cause."""
    staff_permitted(request, _VIEW)
    groups = causes_read(consumer=wiring_of().consumer)
    letters = sum(group.letters for group in groups)
    return page_response(
        model_admin,
        request,
        "staff/kafka/causes.html",
        title="Dead letters",
        table=_causes_table(groups),
        held_long=sum(group.held_long for group in groups),
        behind_many=BEHIND_MANY,
        cut=_causes_cut(groups, letters),
    )


def cause_page(model_admin: "ModelAdmin[Any]", request: HttpRequest) -> HttpResponse:
    """Show the letters of one cause, and one of them in full."""
    staff_permitted(request, _VIEW)
    cause = cause_asked(request)
    before = number_asked(request, "before")
    group = cause_read(consumer=wiring_of().consumer, cause=cause)
    letters = _letters(cause, before) if group else []
    shown = letters[:_LETTERS_A_PAGE]
    more = shown[-1].pk if len(letters) > len(shown) else None
    sample = _sample(request, cause, shown)
    return page_response(
        model_admin,
        request,
        "staff/kafka/cause.html",
        title="Dead letters of one cause",
        cause=cause,
        words=cause_words(cause),
        figures=_figures(group) if group else [],
        sample=_sample_shown(sample) if sample else None,
        table=_letters_table(shown),
        more=f"?{cause_query(cause, before=more)}" if more else "",
        all_causes=reverse("admin:inbox_causes"),
        resolve=reverse("admin:inbox_resolve"),
        replay_all=f"{reverse('admin:inbox_resolve')}?{cause_query(cause, act='replay')}",
        discard_all=f"{reverse('admin:inbox_resolve')}?{cause_query(cause, act='discard')}",
        may_replay=request.user.has_perm("inbox.replay_deadletter"),
        may_discard=request.user.has_perm("inbox.discard_deadletter"),
    )


def cause_asked(request: HttpRequest) -> Cause:
    """The cause that an address names. Raises `Http404` when no cause can have that name."""
    return Cause(*(text_asked(request, name) for name in Cause._fields))


def cause_query(cause: Cause, **more: Any) -> str:
    """A cause as the query of an address."""
    query = QueryDict(mutable=True)
    query.update({name: text for name, text in cause._asdict().items() if text})
    query.update({name: str(value) for name, value in more.items()})
    return query.urlencode()


def cause_words(cause: Cause) -> str:
    """A cause in words, visible."""
    return text_visible(masked_text(cause.error_kind)) or "no error was kept"


def letter_sample(letter: InboxWaiting, check: ContractCheck) -> dict[str, Any]:
    """A letter for a page: its data as text, and where they break the contract."""
    return {
        "letter": letter,
        "page": reverse("admin:inbox_inboxwaiting_change", args=[letter.pk]),
        "refusal": text_visible(masked_text(check.refusal)),
        "known": letter.type in EVENT_TYPES,
        "findings": {
            "headers": ["Member", "What is wrong"],
            "rows": [
                [id_shown(text_visible(found.path)), text_visible(masked_text(found.words))]
                for found in check.findings
            ],
        },
        "data": payload_shown(
            masked_payload(None if letter.value is None else bytes(letter.value))
        ),
        "schema": payload_shown(check.schema) if check.schema else "",
        "place": f"{letter.topic}/{letter.partition}@{letter.offset}",
        "header_count": len(record_of(letter).headers),
    }


def _sample_shown(letter: InboxWaiting) -> dict[str, Any]:
    return letter_sample(letter, contract_check(letter))


def _letters(cause: Cause, before: int | None) -> list[Any]:
    rows = cause_letters(consumer=wiring_of().consumer, cause=cause).order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(with_behind(rows).defer("value", "key", "headers")[: _LETTERS_A_PAGE + 1])


def _sample(request: HttpRequest, cause: Cause, shown: list[Any]) -> InboxWaiting | None:
    """The letter that the address names, else the newest."""
    wanted = number_asked(request, "letter") or (shown[0].pk if shown else None)
    if wanted is None:
        return None
    return cause_letters(consumer=wiring_of().consumer, cause=cause).filter(pk=wanted).first()


def _causes_cut(groups: list[CauseGroup], letters: int) -> str:
    if letters >= LETTERS_READ_MAX:
        return f"Only the newest {LETTERS_READ_MAX:,} dead letters were looked at."
    if len(groups) == CAUSES_MAX:
        return f"Only the {CAUSES_MAX} largest causes are shown."
    return ""


def _causes_table(groups: list[CauseGroup]) -> dict[str, Any]:
    headers = ["Error", "Class", "Event", "Letters", "Streams blocked", "Events behind", "Oldest"]
    return {"headers": [*headers, "Newest"], "rows": [_cause_row(group) for group in groups]}


def _cause_row(group: CauseGroup) -> list[Any]:
    cause = group.cause
    link = format_html(
        '<a class="console-link" href="{}?{}">{}</a>',
        reverse("admin:inbox_cause"),
        cause_query(cause),
        cause_words(cause),
    )
    return [
        link,
        cause.error_class,
        text_visible(cause.type) or "illegible",
        f"{group.letters:,}",
        f"{group.streams:,}",
        _behind(group.behind, group.held_long),
        time_shown(group.oldest_at),
        time_shown(group.newest_at),
    ]


def _behind(behind: int, held_long: int) -> SafeString:
    """Events that wait; with the alarm in words where there are very many behind one letter."""
    if not held_long:
        return format_html("{}", f"{behind:,}")
    return format_html(
        '{} <span class="console-alarm">over {} in {}</span>',
        f"{behind:,}+",
        f"{BEHIND_MANY:,}",
        "1 stream" if held_long == 1 else f"{held_long:,} streams",
    )


def _figures(group: CauseGroup) -> list[Figure]:
    more = "+" if group.letters >= LETTERS_READ_MAX else ""
    return [
        Figure(title="Dead letters", value=f"{group.letters:,}{more}", detail=_span(group)),
        Figure(
            title="Streams blocked",
            value=f"{group.streams:,}",
            detail="people whose events wait",
        ),
        Figure(
            title="Events behind them",
            value=f"{group.behind:,}{'+' if group.held_long else ''}",
            tone="danger" if group.held_long else "",
            word=f"over {BEHIND_MANY:,} in one stream" if group.held_long else "",
        ),
    ]


def _span(group: CauseGroup) -> str:
    return f"{_moment(group.oldest_at)} to {_moment(group.newest_at)}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _letters_table(letters: list[Any]) -> dict[str, Any]:
    headers = ["Choose", "Letter", "Stream", "Number", "Behind it", "Received", "Error"]
    return {"headers": headers, "rows": [_letter_row(letter) for letter in letters]}


def _letter_row(letter: Any) -> list[Any]:
    error = text_visible(masked_text(letter.error))[:_ERROR_SHOWN_MAX]
    return [
        format_html(
            '<input type="checkbox" name="id" value="{}" aria-label="Choose letter {}">',
            letter.pk,
            letter.pk,
        ),
        format_html(
            '<a class="console-link" href="{}">{}</a>',
            reverse("admin:inbox_inboxwaiting_change", args=[letter.pk]),
            letter.pk,
        ),
        id_shown(letter.stream),
        "" if letter.sequence is None else f"{letter.sequence:,}",
        _behind(letter.behind, int(letter.behind > BEHIND_MANY)),
        time_shown(letter.received_at),
        error,
    ]
