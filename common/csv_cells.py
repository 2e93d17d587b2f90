"""CSV (RFC 4180) that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable

# A cell that begins so is a formula to spreadsheets (OWASP, CSV Injection), in wide forms too.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  the wide forms are meant


def cell_safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula: such a one gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def rows_encoded(rows: Iterable[Iterable[str | int]]) -> bytes:
    """Rows as UTF-8; whoever has texts from outside makes them safe before."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
