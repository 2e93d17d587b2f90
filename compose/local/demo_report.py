"""How the demo shows the road of a transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from common.money import money_display
from compose.local.api_client import Person
from compose.local.terminal import results

COLOURS = {"posted": "green", "rejected": "yellow"}


@dataclass(frozen=True)
class Road:
    """One transaction, as its client and the ledger saw it; times in milliseconds."""

    number: int
    title: str
    answered_ms: float
    seen_ms: float
    transaction: dict[str, Any]
    ledger: dict[str, Any]


def people(payer: Person, payee: Person) -> None:
    """Say who takes part."""
    results.print(f"\nSigned up: [bold]{payer.email}[/] and [bold]{payee.email}[/]")


def road(found: Road) -> None:
    """Print one transaction's road, step by step."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    for name, what in _steps(found):
        table.add_row(f"  {name}", what)
    results.print(_headline(found))
    results.print(table)


def _headline(found: Road) -> Text:
    transaction = found.transaction
    status, code = transaction["status"], transaction["rejection_code"]
    amount = money_display(transaction["amount"], transaction["currency"])
    return Text.assemble(
        (f"\n{found.number} {found.title}: ", "bold"),
        f"{transaction['kind']} of {amount} → ",
        (f"{status} ({code})" if code else status, COLOURS.get(status, "red")),
    )


def _steps(found: Road) -> list[tuple[str, str]]:
    transaction, ledger = found.transaction, found.ledger
    settling = _between(transaction["created_at"], transaction["settled_at"])
    return [
        ("id", transaction["id"]),
        ("accepted", f"202 in {found.answered_ms:.0f} ms, recorded {transaction['created_at']}"),
        ("travelled", _travelled(ledger["source"])),
        *[("posting", _posting(posting, ledger["currency"])) for posting in ledger["postings"]],
        *[("journal", _entry(entry)) for entry in ledger["journal"]],
        ("settled", f"{settling:.0f} ms after it was recorded; seen after {found.seen_ms:.0f} ms"),
    ]


def _travelled(source: dict[str, Any]) -> str:
    place = f"partition {source['partition']}, offset {source['offset']}"
    return f"users.events, {place}, sequence {source['sequence']} of its stream"


def _between(earlier: str, later: str) -> float:
    span = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    return span.total_seconds() * 1000


def _posting(posting: dict[str, Any], currency: str) -> str:
    amount = money_display(posting["amount"], currency)
    after = posting["balance_after"]
    balance = "" if after is None else f", balance after {money_display(after, currency)}"
    return f"{posting['direction']:<6} {amount:>12}  account {posting['account']}{balance}"


def _entry(entry: dict[str, Any]) -> str:
    states = f"{entry['from_state'] or 'new'} → {entry['to_state']}"
    code = f" ({entry['code']})" if entry["code"] else ""
    return f"{entry['type']}: {states}{code}, {entry['recorded_at']}, hash {entry['hash'][:12]}…"


def balance(person: Person, found: int, expected: int, currency: str) -> None:
    """Print a balance beside what it must be."""
    name = person.email.partition("-")[0]
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
