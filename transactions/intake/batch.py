"""Step 6 of the road, the transactions service's side: what one database transaction does."""

from uuid import UUID

from transactions.ledger.closing import user_close, user_close_discard
from transactions.ledger.discards import (
    DiscardedCommand,
    DiscardedRequest,
    commands_discard,
    requests_discard,
)
from transactions.ledger.engine import Command, Source
from transactions.ledger.services import ledger_apply, user_replicas_save


class IntakeBatch:
    """
    Commands for the ledger, in order, and what was heard of users; see `Batch`.

    What begins with `discarded` or ends with it is filled by staff alone, in batches without
    commands.
    """

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.discarded: list[DiscardedRequest] = []
        self.discarded_commands: list[DiscardedCommand] = []
        self.closings_discarded: list[Source] = []
        self.user_statuses: dict[UUID, str] = {}
        self._closings: list[tuple[int, Source]] = []

    def hear_of(self, user_id: UUID, status: str) -> None:
        """Remember a user's status until something later is heard."""
        self.user_statuses[user_id] = status

    def close_user(self, source: Source) -> None:
        """Close the user of an event after the commands so far and before those to come."""
        self._closings.append((len(self.commands), source))

    def write(self) -> None:
        """Make everything collected true, in the caller's transaction."""
        user_replicas_save(statuses=self.user_statuses)
        requests_discard(requests=self.discarded)
        commands_discard(commands=self.discarded_commands)
        for source in self.closings_discarded:
            user_close_discard(source=source)
        self._apply_in_parts()

    def _apply_in_parts(self) -> None:
        # Closing judges by what the commands before it have left in the wallets, and those after
        # it must find them closed, so the ledger gets the commands between two closings at once
        # and no more. The locks of a second part come after the streams and the house of
        # the first (see Note [Lock order]). A deadlock that comes of it is retried by the
        # caller; closing is rare, and almost every batch is one part.
        begin = 0
        for end, source in self._closings:
            ledger_apply(commands=self.commands[begin:end])
            user_close(source=source)
            begin = end
        ledger_apply(commands=self.commands[begin:])
