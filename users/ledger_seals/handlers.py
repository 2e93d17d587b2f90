"""Step 10 of the road, beside the money: seals of the ledger's journal are kept."""

from common.events.contracts import JournalSealedV1
from common.inbox.wiring import Effect, Received
from users.batch import UsersBatch
from users.ledger_seals.models import KeptSeal


def on_journal_sealed(received: Received) -> Effect:
    """The ledger sealed journal entries."""
    event = received.event
    if not isinstance(event, JournalSealedV1):
        raise TypeError(f"wired to {received.envelope.type}")
    seal = KeptSeal(
        number=event.number,
        entries=event.entries,
        last_sequence=event.last_sequence,
        previous=event.previous,
        digest=event.digest,
        sealed_at=event.sealed_at,
    )

    def keep(batch: UsersBatch) -> None:
        batch.seals.add(seal)

    return keep
