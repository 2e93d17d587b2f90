"""What it means to discard the ledger's answer to somebody who asked to be closed."""

from common.inbox.errors import DiscardRefused
from common.inbox.wiring import Discarded
from users.identity.models import User


def on_user_close_decided_discarded(discarded: Discarded, batch: object) -> None:  # noqa: ARG001  nothing is to be written
    """
    Let an answer go that nobody waits for.

    Raises `DiscardRefused` while the user of its stream is closing: they would be for ever.
    """
    user_id = discarded.envelope.stream
    if User.objects.filter(id=user_id, status=User.Status.CLOSING).exists():
        raise DiscardRefused(
            f"User {user_id} waits for this answer: replay it after its cause is mended."
        )
