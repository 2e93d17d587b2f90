"""
Every page and action of a console and everybody who may come by; what is expected is of roles.py.

A page of a model needs that model's view permission, taking its list along that to export, adding
and deleting is for nobody, and what else there is must be named in `OF_BOTH` or by the service: a
page without an expectation fails.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver, reverse

from common.staff.roles import ROLES, Role

ANYBODY = "anybody"
STAFF = "staff"
NOBODY = "nobody"

OF_BOTH = {
    "login": ANYBODY,
    "logout": ANYBODY,
    "index": STAFF,
    "search": STAFF,
    "password_change": STAFF,
    "password_change_done": STAFF,
    "autocomplete": NOBODY,
    "jsi18n": STAFF,
    "view_on_site": STAFF,
    "app_list": STAFF,
    "inbox_cause": "inbox.view_inboxwaiting",
    "inbox_causes": "inbox.view_inboxwaiting",
    "inbox_consumerhalt_resume_consumer": "inbox.resume_consumer",
    "inbox_consumers": "inbox.view_consumerhalt",
    "inbox_inboxwaiting_discard": "inbox.discard_deadletter",
    "inbox_inboxwaiting_replay": "inbox.replay_deadletter",
    "inbox_inboxwaiting_unfork": "inbox.unfork_stream",
    "inbox_resolve?act=discard": "inbox.discard_deadletter",
    "inbox_resolve?act=replay": "inbox.replay_deadletter",
    "inbox_run": "inbox.view_inboxwaiting",
    "outbox_outboxstream_unpark": "outbox.unpark_stream",
    "outbox_overview": "outbox.view_outboxmessage",
    "outbox_topic": "outbox.read_topics",
    "outbox_topics": "outbox.read_topics",
}
"""What a page needs: a permission, or one of the words above."""

_READ = ("changelist", "change", "history", "view_save", "view_delete")
_NEVER = ("add", "delete")
_EXPORT = "export"
_VALUES = {
    "object_id": "0198c0de-7b1e-7c3e-9a51-5b0f6f1d2c3a",
    "content_type_id": "1",
    "app_label": "outbox",
    "name": "users.events",
}
_QUERIES = {"inbox_resolve": ("?act=discard", "?act=replay")}
"""Of pages whose address alone does not say what they are asked."""

PEOPLE = ("nobody", "customer", "staff", *Role, "superuser")


def pages() -> Iterator[tuple[str, str]]:
    """The name of every page of the console, and an address of it."""
    for name, parameters in _patterns(admin.site.urls[0]):
        arguments = {key: _VALUES.get(key, "1") for key in parameters}
        address = reverse(f"admin:{name}", kwargs=arguments)
        for query in _QUERIES.get(name, ("",)):
            yield f"{name}{query}", f"{address}{query}"
    # Those that the service routes itself, before the admin site.
    for pattern in get_resolver().url_patterns:
        if not isinstance(pattern, URLResolver) and str(pattern.pattern).startswith("admin/"):
            yield str(pattern.name), reverse(str(pattern.name))


def _patterns(patterns: Any) -> Iterator[tuple[str, list[str]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns)
        elif pattern.name:  # the old addresses of pages, and what is nowhere, only lead elsewhere
            yield pattern.name, list(pattern.pattern.regex.groupindex)


def needed(name: str, others: Mapping[str, str]) -> str | None:
    """What a page needs; None when nobody has said so."""
    for model in admin.site._registry:
        prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
        kind = name.removeprefix(prefix) if name.startswith(prefix) else ""
        if kind in _READ:
            return f"{model._meta.app_label}.view_{model._meta.model_name}"
        if kind in _NEVER:
            return NOBODY
        if kind == _EXPORT:
            return "staff.export_lists"
    return {**OF_BOTH, **others}.get(name)


def may(person: str, need: str) -> bool:
    """Whether somebody may, by roles.py alone."""
    if need == ANYBODY:
        return True
    if need == NOBODY or person in ("nobody", "customer"):
        return False
    if need == STAFF or person == "superuser":
        return True
    return person in ROLES and need in ROLES[Role(person)]


def disagreements(person: str, client: Client, others: Mapping[str, str]) -> list[str]:
    """Where a console answers somebody otherwise than expected; empty when it agrees."""
    found = []
    for name, address in pages():
        need = needed(name, others)
        if need is None:
            found.append(f"{name}: nobody said who may")
            continue
        if name == "logout":  # would end the session that asks
            continue
        for method in ("get", "post"):
            answer = getattr(client, method)(address)
            if not _fits(answer, person, need):
                found.append(f"{method} {name} answers {answer.status_code} to {person}, {need}")
    return found


def _fits(answer: Any, person: str, need: str) -> bool:
    leads_to_login = answer.status_code == 302 and "/admin/login/" in answer["Location"]
    if need == ANYBODY:
        return answer.status_code < 500
    if person in ("nobody", "customer"):
        # What only takes GET says so to whoever else asks.
        return leads_to_login or answer.status_code == 405
    if may(person, need):
        # A form that nobody saves is refused by its page; whoever may read it may get it.
        readable = answer.request["REQUEST_METHOD"] == "GET"
        return answer.status_code < 500 and (answer.status_code != 403 or not readable)
    return answer.status_code in (403, 405)


def offered(user: Any) -> dict[str, set[str]]:
    """What a console offers somebody to do with chosen rows, by list."""
    request = RequestFactory().get("/")
    request.user = user
    return {
        model._meta.label: set(page.get_actions(request))
        for model, page in admin.site._registry.items()
    }


def expected_offers(person: str) -> dict[str, set[str]]:
    """What the dialogs of a list say of themselves, by roles.py; never to delete."""
    return {
        model._meta.label: {
            each.__name__
            for each in page.actions or ()
            if may(person, each.staff_dialog.permission)
        }
        for model, page in admin.site._registry.items()
    }


def dialogs() -> Iterator[tuple[str, str]]:
    """The name of the page of every dialog, and the permission that it asks."""
    for model, page in admin.site._registry.items():
        for name in page.actions_detail:
            dialog = getattr(getattr(page, name), "staff_dialog", None)
            if dialog is not None:
                yield f"{model._meta.app_label}_{model._meta.model_name}_{name}", dialog.permission
