"""Staff take away somebody's second factor, who has lost it."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F

from users.identity.models import LoginEvent, TokenFamily, User
from users.identity.tokens import user_families_end
from users.identity.trail import Origin, login_event_add

_SUBJECT = "Your second factor was removed"
_TEXT = """\
Our staff removed the second factor of your account, and signed you out everywhere. You sign in
with your password alone until you set up another one.

If you did not ask for this, reset your password now and tell us.
"""


@transaction.atomic
def mfa_reset(*, user: User, actor: str, reason: str, at: datetime, correlation_id: str) -> int:
    """
    Remove every authenticator and recovery code of somebody, and end all their sessions.

    Written to the trail with who did it and why, also when there was nothing to remove; how many
    there were. The person is told by mail once it is committed.
    """
    removed, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    # The console's sessions have no tokens; the epoch ends them, too.
    User.objects.filter(id=user.pk).update(sessions_epoch=F("sessions_epoch") + 1)
    user_families_end(user_id=user.pk, reason=TokenFamily.EndReason.MFA_RESET, at=at)
    login_event_add(
        type=LoginEvent.Type.MFA_RESET,
        user_id=user.pk,
        origin=Origin(request_id=correlation_id),
        at=at,
        actor=actor,
        reason=reason,
    )
    transaction.on_commit(lambda: _tell(user.email), robust=True)
    return removed


def _tell(address: str) -> None:
    send_mail(_SUBJECT, _TEXT, None, [address])
