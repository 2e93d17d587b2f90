"""Postings as a balanced table, and the journal with its seals, for the page of a transaction."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.adminkit import amount_shown, id_shown, text_visible, time_shown
from common.staff.timeline import Table
from transactions.ledger.models import LedgerTransaction, Posting
from transactions.ledger.selectors import journal_with_seals

JOURNAL_MAX = 60
"""Journal entries that a page shows; of more, the latest."""

_HASH_SHOWN = 12
_POSTING_HEADERS = ("Of", "Account", "Debit", "Credit", "Balance after")
_JOURNAL_HEADERS = ("Entry", "Of", "Change", "Code", "Actor", "Recorded", "Hash", "Seal")


def posting_tables(rows: Sequence[LedgerTransaction]) -> list[Table]:
    """The postings of transactions, a table for each currency and layer, with totals."""
    kinds = {row.pk: row.get_kind_display() for row in rows}
    postings = Posting.objects.filter(transaction_id__in=kinds).select_related("account")
    ordered = sorted(postings, key=lambda one: (*_place(one), one.pk))
    tables = [
        _posting_table(currency, layer, list(group), kinds)
        for (currency, layer), group in groupby(ordered, _place)
    ]
    return tables or [
        Table(
            title="Postings",
            headers=(),
            rows=(),
            empty="There are none: what is refused moves nothing.",
        )
    ]


def _place(posting: Posting) -> tuple[str, str]:
    return posting.account.currency, posting.layer


def _posting_table(
    currency: str, layer: str, postings: Sequence[Posting], kinds: dict[Any, str]
) -> Table:
    debits = sum(one.amount for one in postings if one.direction == Posting.Direction.DEBIT)
    credits_ = sum(one.amount for one in postings if one.direction == Posting.Direction.CREDIT)
    balances = debits == credits_
    total = ["Total", "", amount_shown(debits, currency), amount_shown(credits_, currency), ""]
    return Table(
        title=f"Postings in {currency}, {layer}",
        headers=_POSTING_HEADERS,
        rows=[*(_posting_row(one, kinds) for one in postings), total],
        word="balances" if balances else "does not balance",
        tone="success" if balances else "danger",
    )


def _posting_row(posting: Posting, kinds: dict[Any, str]) -> list[Any]:
    currency = posting.account.currency
    amount = amount_shown(posting.amount, currency)
    debit = posting.direction == Posting.Direction.DEBIT
    return [
        kinds[posting.transaction_id] or "Discarded request",
        _link("ledger_account", posting.account_id, str(posting.account)),
        amount if debit else "",
        "" if debit else amount,
        amount_shown(posting.balance_after, currency),
    ]


def journal_table(rows: Sequence[LedgerTransaction]) -> Table:
    """What the journal says of transactions, and under which seal each entry is."""
    kinds = {row.pk: row.get_kind_display() for row in rows}
    entries = journal_with_seals(transaction_ids=list(kinds), limit=JOURNAL_MAX)
    return Table(
        title="Journal",
        headers=_JOURNAL_HEADERS,
        rows=[_journal_row(entry, kinds) for entry in entries],
    )


def _journal_row(entry: Any, kinds: dict[Any, str]) -> list[Any]:
    change = f"{entry.from_state} → {entry.to_state}" if entry.from_state else entry.to_state
    seal = "not sealed yet"
    if entry.seal is not None:
        seal = _link("ledger_journalseal", entry.seal, str(entry.seal))
    return [
        _link("ledger_journalentry", entry.pk, str(entry.pk)),
        kinds[entry.transaction_id] or "Discarded request",
        change.replace("_", " "),
        entry.code,
        id_shown(text_visible(entry.actor)),
        time_shown(entry.recorded_at),
        _hash_shown(bytes(entry.hash).hex()),
        seal,
    ]


def _hash_shown(digest: str) -> SafeString:
    """The beginning, which tells hashes apart, and a button that copies all of it."""
    return format_html(
        '<span class="console-code" title="{}">{}…</span> <button type="button"'
        ' class="timeline-copy" data-copy="{}" aria-label="Copy hash {}" hidden>Copy</button>',
        digest,
        digest[:_HASH_SHOWN],
        digest,
        digest,
    )


def _link(page: str, key: object, text: str) -> SafeString:
    url = reverse(f"admin:{page}_change", args=[key])
    return format_html('<a href="{}" class="timeline-link">{}</a>', url, text)
