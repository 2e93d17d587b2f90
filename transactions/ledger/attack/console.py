"""Attempts through the admin console, as somebody who may do everything there."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client

from transactions.ledger.attack.attempt import Attempt, NothingChanged, Way
from transactions.ledger.attack.scene import Scene
from transactions.ledger.models import (
    Account,
    JournalEntry,
    JournalSeal,
    LedgerTransaction,
    Posting,
)

_REFUSED = (403, 404, 405)
_FORM = {
    "amount": "1",
    "state": "rejected",
    "status": "closed",
    "actor": "user:nobody",
    "credits_posted": "1000000",
    "entries": "1",
}

Ask = Callable[[Client, str, Any], Any]


def _of(model: type[Model], scene: Scene) -> Any:
    """The key of a row; that of a seal may lead nowhere, when nothing is sealed yet."""
    rows = {
        Account: scene.payer.pk,
        LedgerTransaction: scene.committed.pk,
        Posting: Posting.objects.order_by("id").values_list("pk", flat=True).first(),
        JournalEntry: JournalEntry.objects.order_by("pk").values_list("pk", flat=True).first(),
        JournalSeal: 1,
    }
    return rows[model]


def _change(client: Client, page: str, key: Any) -> Any:
    return client.post(f"{page}{key}/change/", _FORM, secure=True)


def _delete(client: Client, page: str, key: Any) -> Any:
    return client.post(f"{page}{key}/delete/", {"post": "yes"}, secure=True)


def _add(client: Client, page: str, _: Any) -> Any:
    return client.post(f"{page}add/", _FORM, secure=True)


def _delete_selected(client: Client, page: str, key: Any) -> Any:
    chosen = {"action": "delete_selected", "_selected_action": [key], "post": "yes"}
    return client.post(page, chosen, secure=True)


def _attempt(verb: str, model: type[Model], ask: Ask) -> Attempt:
    def act(scene: Scene) -> None:
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # noqa: SLF001  Django's API
        before = _rows(model)
        with _quiet():
            answer = ask(_superuser(), page, _of(model, scene))
        if _rows(model) == before and _is_refusal(answer, verb):
            raise NothingChanged(f"the console answers {answer.status_code}")

    return Attempt(Way.CONSOLE, f"{verb} {model._meta.verbose_name}", act)  # noqa: SLF001  Django's API


def _is_refusal(answer: HttpResponse, verb: str) -> bool:
    # A list that offers no actions shows itself again; that it changed nothing is what counts.
    return answer.status_code in _REFUSED or verb.startswith("select")


def _rows(model: type[Model]) -> list[tuple[Any, ...]]:
    """What an attempt could change: the first and the last rows, and how many there are."""
    rows = model._default_manager.order_by("pk")  # noqa: SLF001  Django's API
    some = [*rows.values_list()[:100], *rows.reverse().values_list()[:100]]
    return [*some, (rows.count(),)]


@contextmanager
def _quiet() -> Iterator[None]:
    """Django warns of each refusal, which here is what should happen."""
    requests = logging.getLogger("django.request")
    before = requests.level
    requests.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        requests.setLevel(before)


def _superuser() -> Client:
    name = "attack@localhost"
    user, _ = User.objects.get_or_create(
        username=name, defaults={"email": name, "is_staff": True, "is_superuser": True}
    )
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(user)
    return client


CONSOLE = [
    _attempt(verb, model, ask)
    for model in (Account, LedgerTransaction, Posting, JournalEntry, JournalSeal)
    for verb, ask in (
        ("change", _change),
        ("delete", _delete),
        ("add", _add),
        ("select and delete", _delete_selected),
    )
]
