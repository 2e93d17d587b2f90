"""A statement as CSV (RFC 4180), safe to open in a spreadsheet."""

from collections.abc import Iterable, Iterator

from common.csv_cells import cell_safe, rows_encoded
from transactions.ledger.statements import Line

_COLUMNS = (
    "transaction_id",
    "kind",
    "amount",
    "currency",
    "balance_after",
    "reference",
    "recorded_at",
    "effective_at",
)


def statement_csv(pages: Iterable[list[Line]], *, currency: str) -> Iterator[bytes]:
    """
    The header, then one row for each line, in pieces of a page each; UTF-8.

    Amounts are minor units. Text that a spreadsheet would calculate gets an apostrophe in front.
    """
    yield rows_encoded([_COLUMNS])
    for lines in pages:
        yield rows_encoded(_row(line, currency) for line in lines)


def _row(line: Line, currency: str) -> tuple[str | int, ...]:
    return (
        str(line.transaction_id),
        cell_safe(line.kind),
        line.amount,
        currency,
        line.balance_after,
        cell_safe(line.reference or ""),
        line.recorded_at.isoformat(),
        line.effective_at.isoformat(),
    )
