"""
What becomes of people after sign-up: active, suspended, closing, closed.

Every change of status is one transaction with its record, its event and whether their stream
takes requests, and who stops being active is signed out everywhere. Closing is a dialogue: the
ledger has the wallets, so it decides (`user_close_requested`, `user_close_decided`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from django.db import transaction

from common.outbox.append import NewEvent, outbox_append, stream_accepting_set
from users.identity.errors import InvalidStateTransition, UserUnknown
from users.identity.events import user_status_changed
from users.identity.models import TokenFamily, User, UserStatusChange
from users.identity.tokens import user_families_end

_STATUS = User.Status
_CLOSABLE = (_STATUS.PENDING_VERIFICATION, _STATUS.ACTIVE, _STATUS.SUSPENDED)

log = structlog.get_logger(__name__)


class By(NamedTuple):
    """
    Who changes a status, when and why, and how it is traced.

    `actor` is `user:<id>`, `staff:<id>` or `system:<name>`; `causation_id` is the id of the event
    behind it, None for a request.
    """

    actor: str
    at: datetime
    correlation_id: str
    reason: str = ""
    causation_id: str | None = None
    traceparent: str | None = None


class CloseDecision(NamedTuple):
    """
    What the ledger answered to the request to close a user that was event `request_event_id`.

    `code` is why it refused, None when all wallets are closed.
    """

    user_id: UUID
    request_event_id: UUID
    code: str | None
    by: By


@transaction.atomic
def user_activate(*, user_id: UUID, at: datetime, correlation_id: str) -> bool:
    """
    Let somebody in whose address is verified, and announce it; False when they were not pending.

    From the COMMIT on they sign in and their stream takes requests.
    """
    user = _locked(user_id)
    if user is None or user.status != _STATUS.PENDING_VERIFICATION:
        return False
    _move(user, _STATUS.ACTIVE, By(f"user:{user_id}", at, correlation_id))
    return True


@transaction.atomic
def user_suspend(*, user_id: UUID, by: By) -> User:
    """
    Lock somebody out who is active: from the COMMIT on their requests are refused.

    What was accepted before goes on, and they still receive money.

    Raises:
        UserUnknown: there is nobody of that id.
        InvalidStateTransition: they are not active.
    """
    return _step(user_id, (_STATUS.ACTIVE,), _STATUS.SUSPENDED, by)


@transaction.atomic
def user_reinstate(*, user_id: UUID, by: By) -> User:
    """
    Let somebody in again who is suspended. They sign in anew: no session comes back.

    Raises as `user_suspend`; `InvalidStateTransition` when they are not suspended.
    """
    return _step(user_id, (_STATUS.SUSPENDED,), _STATUS.ACTIVE, by)


@transaction.atomic
def user_close_request(*, user_id: UUID, by: By) -> User:
    """
    Ask the ledger to close somebody; until it answers they are closing.

    Asked again meanwhile, nothing happens. The ledger is asked about those too who never
    verified their address: they may have been sent money.

    Raises:
        UserUnknown: there is nobody of that id.
        InvalidStateTransition: they are closed.
    """
    user = _known(user_id)
    if user.status == _STATUS.CLOSING:
        return user
    return _step(user_id, _CLOSABLE, _STATUS.CLOSING, by)


def user_closings_decide(*, decisions: Sequence[CloseDecision]) -> None:
    """
    Close users as the ledger decided, or take them back to what they were before they asked.

    In the caller's transaction. An answer that answers no open request changes nothing: either
    database may have been restored from a backup, and answers then come again or too late.
    """
    for decision in sorted(decisions, key=lambda one: one.user_id):
        user = _locked(decision.user_id)
        asked = _open_request(user) if user else None
        if user is None or asked is None or asked.event_id != decision.request_event_id:
            log.error("close_decision_unclaimed", user=str(decision.user_id), code=decision.code)
        elif decision.code is None:
            _move(user, _STATUS.CLOSED, decision.by)
        else:
            _move(user, User.Status(asked.from_status), decision.by, code=decision.code)


def _open_request(user: User) -> UserStatusChange | None:
    """The change that made them closing, while they are."""
    last = user.status_changes.order_by("-id").first()
    return last if user.status == _STATUS.CLOSING else None


def _step(user_id: UUID, allowed: tuple[User.Status, ...], to: User.Status, by: By) -> User:
    user = _known(user_id)
    if user.status not in allowed:
        raise InvalidStateTransition(f"The account is {user.status}, which cannot become {to}.")
    return _move(user, to, by)


def _known(user_id: UUID) -> User:
    user = _locked(user_id)
    if user is None:
        raise UserUnknown
    return user


def _locked(user_id: UUID) -> User | None:
    return User.objects.select_for_update(no_key=True).filter(id=user_id).first()


def _move(user: User, to: User.Status, by: By, *, code: str = "") -> User:
    """Give a locked user another status, with all that goes with it."""
    before, user.status = User.Status(user.status), to
    if before == _STATUS.ACTIVE:
        _sign_out(user, by.at)
    user.save(update_fields=["status", "sessions_epoch"])
    event_id = outbox_append(event=_announcement(user, before, by))
    stream_accepting_set(stream=user.id, accepting=user.is_active)
    UserStatusChange.objects.create(
        user=user,
        from_status=before,
        to_status=to,
        actor=by.actor,
        reason=by.reason,
        code=code,
        event_id=event_id,
        changed_at=by.at,
    )
    return user


def _sign_out(user: User, at: datetime) -> None:
    # Sign-ins that are under way have no tokens yet, and those of the console never have any;
    # the epoch ends them, too, and they do not come back to life with the user.
    user.sessions_epoch += 1
    user_families_end(user_id=user.id, reason=TokenFamily.EndReason.NOT_ACTIVE, at=at)


def _announcement(user: User, before: User.Status, by: By) -> NewEvent:
    return NewEvent(
        stream=user.id,
        event=user_status_changed(
            user_id=user.id, from_status=before, to_status=User.Status(user.status), at=by.at
        ),
        occurred_at=by.at,
        actor=by.actor,
        correlation_id=by.correlation_id,
        causation_id=by.causation_id,
        traceparent=by.traceparent,
    )
