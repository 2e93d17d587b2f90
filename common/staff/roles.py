"""
Who of staff may do what: roles, and the permissions that each has in either console.

This file is the whole truth: `migrate` makes groups of these names and gives each exactly these
permissions (see `common.staff.groups`), and docs/staff.md shows the same as a table. To let a role
do something new, declare the permission in the `Meta.permissions` of its model and name it here;
of a service that has no such model, the line means nothing. Superusers may do whatever anybody
may, and no more: what nobody may do, they may not do either.
"""

from enum import StrEnum


class Role(StrEnum):
    """The name of a role, which is the name of its group."""

    SUPPORT = "support"
    OPERATOR = "operator"
    CONTROLLER = "controller"
    AUDITOR = "auditor"


_READ = (
    "account.view_emailaddress",
    "identity.view_loginevent",
    "identity.view_tokenfamily",
    "identity.view_user",
    "identity.view_userstatuschange",
    "inbox.view_consumerhalt",
    "inbox.view_deadletteraction",
    "inbox.view_inboxwaiting",
    "inbox.view_letterrun",
    "ledger.view_account",
    "ledger.view_accountchange",
    "ledger.view_journalentry",
    "ledger.view_journalseal",
    "ledger.view_ledgercheckresult",
    "ledger.view_ledgertransaction",
    "ledger.view_posting",
    "ledger.view_userreplica",
    "ledger_seals.view_keptseal",
    "ledger_seals.view_sealconflict",
    "outbox.view_outboxmessage",
    "outbox.view_outboxstream",
    "reconciliation.view_peercursor",
    "staff.view_staffaction",
    "submissions.view_commandproposal",
    "submissions.view_transactioncommand",
    "submissions.view_transactionrequest",
    "submissions.view_unclaimedoutcome",
)
"""What every role may look at."""

ROLES: dict[Role, frozenset[str]] = {
    Role.SUPPORT: frozenset(_READ),
    Role.OPERATOR: frozenset(
        (
            *_READ,
            "inbox.discard_deadletter",
            "inbox.replay_deadletter",
            "inbox.resume_consumer",
            "inbox.unfork_stream",
            "outbox.read_topics",
            "outbox.unpark_stream",
        )
    ),
    Role.CONTROLLER: frozenset(
        (
            *_READ,
            "identity.close_user",
            "identity.end_user_sessions",
            "identity.reinstate_user",
            "identity.reset_user_mfa",
            "identity.suspend_user",
            "ledger.close_account",
            "ledger.freeze_account",
            "submissions.decide_proposal",
            "submissions.reverse_transaction",
            "submissions.void_transaction",
        )
    ),
    Role.AUDITOR: frozenset(
        (
            *_READ,
            "auth.view_user",
            "outbox.read_topics",
            "staff.export_lists",
        )
    ),
}
"""What each role may do, as `app_label.codename`."""


def roles_table() -> str:
    """Who may do what, as the table of docs/staff.md; a superuser may do all of it."""
    head = ["permission", *Role]
    rows = [
        [f"`{name}`", *("yes" if name in ROLES[role] else "" for role in Role)]
        for name in sorted(frozenset().union(*ROLES.values()))
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n".replace("  ", " ") for line in lines)
