"""
A person's sign-ins, as they see and end them.

A sign-in is a family of tokens; what a person ends is over at once for everything but the access
tokens that are out, which live for minutes.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, OuterRef

from users.identity.models import LoginEvent, TokenFamily, User
from users.identity.tokens import user_families_end
from users.identity.trail import Origin, login_event_add

SHOWN_MAX = 100


def sessions_list(*, user_id: UUID, at: datetime) -> Sequence[TokenFamily]:
    """The sign-ins that live, the latest used first; at most `SHOWN_MAX`."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=at)
    families = TokenFamily.objects.filter(Exists(alive), user_id=user_id, ended_at=None)
    return list(families.order_by("-last_seen_at", "-id")[:SHOWN_MAX])


@transaction.atomic
def sessions_end(
    *,
    user_id: UUID,
    ids: Collection[UUID] | None,
    origin: Origin,
    at: datetime,
    actor: str = "",
    reason: str = "",
) -> None:
    """
    End some of a person's sign-ins; None ends all of them, those in the console too.

    Ids that are not theirs, or over, end nothing. `actor` and `reason` are of staff, and empty
    when it is the person themselves.
    """
    ended = TokenFamily.EndReason.STAFF if actor else TokenFamily.EndReason.REVOKED
    if ids is None:
        # Sessions without tokens are ended by this: of the console, and half-way signed in.
        User.objects.filter(id=user_id).update(sessions_epoch=F("sessions_epoch") + 1)
    user_families_end(user_id=user_id, reason=ended, at=at, only=ids)
    login_event_add(
        type=LoginEvent.Type.SESSIONS_ENDED,
        user_id=user_id,
        origin=origin,
        at=at,
        detail="all" if ids is None else str(len(ids)),
        actor=actor,
        reason=reason,
    )
