"""A statement as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator

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

# A cell that begins so is a formula to spreadsheets (OWASP, CSV Injection), in wide forms too.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  the wide forms are meant


def statement_csv(pages: Iterable[list[Line]], *, currency: str) -> Iterator[bytes]:
    """
    The header, then one row for each line, in pieces of a page each; UTF-8.

    Amounts are minor units. Text that a spreadsheet would calculate gets an apostrophe in front.
    """
    yield _encoded([_COLUMNS])
    for lines in pages:
        yield _encoded(_row(line, currency) for line in lines)


def cell_safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


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


def _encoded(rows: Iterable[Iterable[str | int]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
