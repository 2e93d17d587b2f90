"""Seals that a consumed batch tells of, kept by a few statements."""

from collections.abc import Iterable, Sequence

import structlog

from users.ledger_seals.models import KeptSeal, SealConflict

log = structlog.get_logger(__name__)

_MEMBERS = ("number", "entries", "last_sequence", "previous", "digest", "sealed_at")


class SealBatch:
    """Collects seals and keeps them together, in the caller's transaction."""

    def __init__(self) -> None:
        self._told: list[KeptSeal] = []

    def add(self, seal: KeptSeal) -> None:
        """Note a seal; `write` keeps it."""
        self._told.append(seal)

    def write(self) -> None:
        """
        Keep every seal whose number is new; one that is kept already changes nothing.

        Another seal of a kept number is kept beside it and raises the alarm, as does one that
        does not follow the kept seal before. Neither is an error: the stream goes on.
        """
        if not self._told:
            return
        # The first of two with one number stays, in the table as in the batch.
        KeptSeal.objects.bulk_create(self._told, ignore_conflicts=True)
        kept = KeptSeal.objects.in_bulk(_numbers(self._told))
        _conflicts_keep([seal for seal in self._told if not seal.says_the_same(kept[seal.number])])
        for seal in kept.values():
            before = kept.get(seal.number - 1)
            if before is not None and before.digest != seal.previous:
                log.critical("seal_follows_another", number=seal.number, previous=seal.previous)


def _numbers(seals: Iterable[KeptSeal]) -> set[int]:
    """The seals' numbers and those before."""
    return {number for seal in seals for number in (seal.number, seal.number - 1)}


def _conflicts_keep(seals: Sequence[KeptSeal]) -> None:
    for seal in seals:
        log.critical("seal_conflicts", **{name: str(getattr(seal, name)) for name in _MEMBERS})
    SealConflict.objects.bulk_create(
        [SealConflict(**{name: getattr(seal, name) for name in _MEMBERS}) for seal in seals],
        ignore_conflicts=True,
    )
