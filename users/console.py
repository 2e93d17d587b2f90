"""The users console: what it is called, how it looks, and where its sidebar leads."""

from typing import Any

from common.console import RECORD, ROAD, Page, Section, admin_site_settings

NAVIGATION = [
    Section(
        title="People",
        pages=[
            Page(title="Users", model="identity.User", icon="group"),
            Page(title="E-mail addresses", model="account.EmailAddress", icon="mail"),
            Page(title="Sign-ins", model="identity.TokenFamily", icon="key"),
            Page(title="Login events", model="identity.LoginEvent", icon="history"),
        ],
    ),
    Section(
        title="Transactions",
        pages=[
            Page(title="Requests", model="submissions.TransactionRequest", icon="swap_horiz"),
            Page(title="Commands", model="submissions.TransactionCommand", icon="rule"),
            Page(
                title="Proposals",
                model="submissions.CommandProposal",
                icon="approval",
                badge="users.submissions.badge.proposals_badge",
                badge_tone="info",
            ),
            Page(
                title="Unclaimed outcomes",
                model="submissions.UnclaimedOutcome",
                icon="question_exchange",
            ),
        ],
    ),
    Section(
        title="Ledger seals",
        pages=[
            Page(title="Kept seals", model="ledger_seals.KeptSeal", icon="verified"),
            Page(title="Conflicting seals", model="ledger_seals.SealConflict", icon="gpp_maybe"),
        ],
    ),
    ROAD,
    RECORD,
]


def console(environment: str) -> dict[str, Any]:
    """The `UNFOLD` setting of a deployment called `environment`."""
    return admin_site_settings(
        title="Users",
        symbol="group",
        accent="indigo",
        environment=environment,
        navigation=NAVIGATION,
        home="users.figures.home",
    )
