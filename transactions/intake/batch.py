"""Step 6 of the road, the transactions service's side: what one database transaction does."""

from uuid import UUID

from transactions.ledger.discards import (
    DiscardedCommand,
    DiscardedRequest,
    commands_discard,
    requests_discard,
)
from transactions.ledger.engine import Command
from transactions.ledger.services import ledger_apply, user_replicas_save


class IntakeBatch:
    """
    Commands for the ledger, in order, and what was heard of users; see `Batch`.

    `discarded` and `discarded_commands` are filled by staff alone, in batches without commands.
    """

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.discarded: list[DiscardedRequest] = []
        self.discarded_commands: list[DiscardedCommand] = []
        self.user_statuses: dict[UUID, str] = {}

    def write(self) -> None:
        """Make everything collected true, in the caller's transaction."""
        user_replicas_save(statuses=self.user_statuses)
        requests_discard(requests=self.discarded)
        commands_discard(commands=self.discarded_commands)
        ledger_apply(commands=self.commands)
