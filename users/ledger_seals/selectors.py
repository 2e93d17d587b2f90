"""Questions about kept seals."""

from collections.abc import Iterator

from common.internal.contracts import KeptSealPage, KeptSealTold
from users.ledger_seals.models import KeptSeal

_PAGE = 1000


def kept_seals_page(*, after: int, limit: int) -> KeptSealPage:
    """The next seals by number."""
    rows = KeptSeal.objects.filter(number__gt=after).order_by("number")[:limit]
    found = [_told(row) for row in rows]
    return KeptSealPage(data=found, after=found[-1].number if len(found) == limit else None)


def kept_seals_all() -> Iterator[KeptSealTold]:
    """Every seal by number, in constant memory."""
    after: int | None = 0
    while after is not None:
        page = kept_seals_page(after=after, limit=_PAGE)
        yield from page.data
        after = page.after


def _told(row: KeptSeal) -> KeptSealTold:
    return KeptSealTold(
        number=row.number,
        entries=row.entries,
        last_sequence=row.last_sequence,
        previous=row.previous,
        digest=row.digest,
        sealed_at=row.sealed_at,
    )
