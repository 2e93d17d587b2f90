"""The transactions console: what it is called, how it looks, and where its sidebar leads."""

from typing import Any

from common.console import RECORD, ROAD, Page, Section, admin_site_settings

NAVIGATION = [
    Section(
        title="Ledger",
        pages=[
            Page(title="Transactions", model="ledger.LedgerTransaction", icon="swap_horiz"),
            Page(title="Accounts", model="ledger.Account", icon="account_balance_wallet"),
            Page(title="Postings", model="ledger.Posting", icon="receipt_long"),
            Page(title="Journal", model="ledger.JournalEntry", icon="menu_book"),
            Page(title="Seals", model="ledger.JournalSeal", icon="verified"),
            Page(title="Checks", model="ledger.LedgerCheckResult", icon="fact_check"),
            Page(title="Users", model="ledger.UserReplica", icon="group"),
        ],
    ),
    ROAD,
    RECORD,
    Section(
        title="Staff",
        pages=[
            Page(title="Staff", model="auth.User", icon="badge"),
        ],
    ),
]


def console(environment: str) -> dict[str, Any]:
    """The `UNFOLD` setting of a deployment called `environment`."""
    return admin_site_settings(
        title="Transactions",
        symbol="account_balance",
        accent="emerald",
        environment=environment,
        navigation=NAVIGATION,
        home="transactions.ledger.figures.home",
    )
