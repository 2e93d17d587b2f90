"""Everybody who may call the users service, and things that belong to one of them."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient

from common.ids import uuid7
from common.outbox.models import OutboxMessage, OutboxStream
from tests.factories.users import (
    TransactionCommandFactory,
    TransactionRequestFactory,
    UserFactory,
)
from tests.policy.callers import Rule
from tests.policy.forged_tokens import Mint
from users.identity.models import RefreshToken, TokenFamily, User
from users.identity.signing_keys import live_keys
from users.identity.tokens import access_token_issue
from users.submissions.models import TransactionCommand, TransactionRequest

KEPT = (User, TransactionRequest, TransactionCommand, OutboxMessage, OutboxStream)
SIGN_INS = (TokenFamily, RefreshToken)


def state(*models: Any) -> list[Any]:
    """Every row of the tables that a request may write to."""
    return [list(model.objects.order_by("pk").values()) for model in models or (*KEPT, *SIGN_INS)]


class UsersScene:
    """The owner has a withdrawal, a payment, a hold, a command and a deposit of the treasury's."""

    def __init__(self) -> None:
        owner, receiver = UserFactory(), UserFactory()
        treasury = UserFactory(treasury=True)
        self.people: dict[str, User] = {
            "owner": owner,
            "receiver": receiver,
            "treasury": treasury,
            "other": UserFactory(),
            "suspended": UserFactory(status="suspended"),
            "staff": UserFactory(is_staff=True),
            "superuser": UserFactory(staff=True),
        }
        self.headers = {name: _bearer(_token(user)) for name, user in self.people.items()}
        self.headers |= _strangers(owner)
        self._console = APIClient()
        self._console.force_login(self.people["superuser"])
        self._objects = _objects(owner, receiver, treasury)
        self.client = APIClient(raise_request_exception=False)

    def ask(self, caller: str, method: str, path: str, rule: Rule | None = None) -> Any:
        """Send a request as somebody, with what the rule says belongs to it."""
        client = APIClient(raise_request_exception=False)
        if caller == "console session":
            client.cookies = self._console.cookies
        body = rule.body if rule else None
        if body is not None and rule and rule.of == "owner":
            body = {**body, "user": str(self.people["owner"].id)}
        headers = {**self.headers.get(caller, {}), **(rule.headers if rule else {})}
        return client.generic(method, path, *_encoded(body), headers=headers)

    def ids(self, of: str) -> dict[str, object]:
        return self._objects.get(of, {})

    def state(self) -> object:
        return state()


def _encoded(body: Mapping[str, object] | None) -> tuple[bytes, str]:
    if body is None:
        return b"", "application/octet-stream"
    return json.dumps(body).encode(), "application/json"


def _token(user: User) -> str:
    return access_token_issue(user=user, session_id=uuid7(), at=timezone.now())


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _strangers(owner: User) -> dict[str, dict[str, str]]:
    """Tokens of the owner that do not count, and what the other service shows."""
    key = live_keys()[-1]
    mint = Mint(key.private, key.kid, owner.id)
    return {
        "expired": _bearer(mint.sign(iat=1_700_000_000, exp=1_700_000_300)),
        "other audience": _bearer(mint.sign(aud="other-api")),
        "peer": _bearer(settings.PEER["SECRET_EXPECTED"]),
    }


def _objects(owner: User, receiver: User, treasury: User) -> dict[str, dict[str, object]]:
    hold = {"hold": True, "status": "authorised", "accepted_at": timezone.now()}
    rows = {
        "withdrawal": TransactionRequestFactory(user=owner, posted=True),
        "paid": TransactionRequestFactory(
            user=owner, kind="transfer", counterparty=receiver, posted=True
        ),
        "held": TransactionRequestFactory(
            user=owner, kind="transfer", counterparty=receiver, **hold
        ),
        "deposit": TransactionRequestFactory(
            user=owner, kind="deposit", requested_by=treasury, posted=True
        ),
    }
    command = TransactionCommandFactory(
        transaction=rows["held"], accepted_at=timezone.now() - timedelta(seconds=1)
    )
    ids: dict[str, dict[str, object]] = {
        name: {"transaction_id": row.id} for name, row in rows.items()
    }
    ids["command"] = {"transaction_id": command.transaction_id, "command_id": command.id}
    return ids
