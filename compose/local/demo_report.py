"""How the demo shows the road of a transaction."""

from dataclasses import dataclass
from datetime import datetime

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from common.client.representations import (
    Command,
    JournalEntry,
    LedgerTransaction,
    Posting,
    Source,
    Transaction,
)
from common.money import money_display
from compose.local.terminal import results

COLOURS = {"posted": "green", "authorised": "green", "applied": "green", "rejected": "yellow"}


@dataclass(frozen=True)
class Road:
    """One transaction or command, as its client and the ledger saw it; times in milliseconds."""

    number: int
    title: str
    answered_ms: float
    seen_ms: float
    asked: Transaction | Command
    ledger: LedgerTransaction


def people(payer: str, payee: str) -> None:
    """Say who takes part."""
    results.print(f"\nSigned up: [bold]{payer}[/] and [bold]{payee}[/]")


def road(found: Road) -> None:
    """Print one transaction's road, step by step, in milliseconds since it was recorded."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim")
    for after_ms, name, what in _steps(found):
        table.add_row("" if after_ms is None else f"+{after_ms:.0f} ms", name, what)
    results.print(_headline(found))
    results.print(Padding(table, (0, 0, 0, 2), expand=False))


def _headline(found: Road) -> Text:
    status, code = found.asked.status, found.asked.rejection_code
    amount = _money(found.asked.amount, found.ledger)
    return Text.assemble(
        (f"\n{found.number} {found.title}: ", "bold"),
        f"{found.ledger.kind} of {amount} → ",
        (f"{status} ({code})" if code else status, COLOURS.get(status, "red")),
    )


def _steps(found: Road) -> list[tuple[float | None, str, str]]:
    asked, ledger = found.asked, found.ledger
    recorded, settled = asked.created_at, asked.settled_at
    seen = f"client saw it {found.seen_ms:.0f} ms after asking"
    accepted = f"{_clock(recorded)}, answered 202 in {found.answered_ms:.0f} ms"
    journal = [
        (_ms_between(recorded, entry.recorded_at), "decided", _entry(entry))
        for entry in ledger.journal
    ]
    postings = [(None, "posting", _posting(each, ledger)) for each in ledger.postings]
    return [
        (None, "id", str(asked.id)),
        (0, "accepted", accepted),
        (None, "travelled", _travelled(ledger.source)),
        *journal,
        *postings,
        (_ms_between(recorded, settled), "settled", seen) if settled else (None, "held", seen),
    ]


def _ms_between(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds() * 1000


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S.%f")[:-3]


def _travelled(source: Source) -> str:
    place = f"partition {source.partition}, offset {source.offset}"
    return f"users.events, {place}, sequence {source.sequence}"


def _posting(posting: Posting, ledger: LedgerTransaction) -> str:
    amount, after = _money(posting.amount, ledger), posting.balance_after
    # On the pending layer it is what all open holds would take.
    held = " held" if posting.layer == "pending" else ""
    balance = "" if after is None else f" → {_money(after, ledger)}{held}"
    account = f"account …{str(posting.account)[-12:]}"
    return f"{posting.direction:<6} {amount:>10}{held}  {account}{balance}"


def _money(amount: int | None, ledger: LedgerTransaction) -> str:
    """What a discarded event was about may be illegible."""
    return "?" if amount is None else money_display(amount, ledger.currency or "")


def _entry(entry: JournalEntry) -> str:
    code = f" ({entry.code})" if entry.code else ""
    return f"{entry.type}{code}, journal hash {entry.hash[:8]}…"


def balance(email: str, found: int, expected: int, currency: str) -> None:
    """Print a balance beside what it must be."""
    name = email.partition("-")[0]
    mark = "[green]✓[/]" if found == expected else "[red]✗[/]"
    must = "" if found == expected else f", must be {money_display(expected, currency)}"
    first = "\n" if name == "payer" else ""
    results.print(f"{first}{mark} balance of the {name}: {money_display(found, currency)}{must}")


def verdict(*, passed: bool) -> None:
    """Say how it ended."""
    if passed:
        results.print("[green]Every transaction ended as it must, and the balances are right.[/]")
    else:
        results.print("[bold red]Something did not end as it must; see above.[/]")
