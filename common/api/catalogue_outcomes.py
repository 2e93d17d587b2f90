"""
Why the ledger says no: the codes in `rejection_code`, which are outcomes and not errors.

They reach clients long after the 202, so what is said of each is for people who look at an
outcome. docs/errors.md is made from them.
"""

from typing import NamedTuple


class Outcome(NamedTuple):
    """One code; `when` and `remedy` are sentences for clients."""

    code: str
    when: str
    remedy: str


REJECTIONS = (
    Outcome(
        "insufficient_funds",
        "Less was available on the debited wallet than the amount.",
        "Ask for less, or again when there is more.",
    ),
    Outcome(
        "account_frozen",
        "Staff have frozen the wallet that the money would leave.",
        "Ask support; nothing leaves the wallet until it is open again.",
    ),
    Outcome(
        "account_closed",
        "A wallet that the money would leave or reach is closed.",
        "Pay to another user.",
    ),
    Outcome(
        "currency_unsupported",
        "The ledger keeps no wallets in this currency.",
        "Use another currency.",
    ),
    Outcome(
        "balance_limit_exceeded",
        "A wallet's total would become larger than can be kept exactly.",
        "Ask for less.",
    ),
    Outcome(
        "transaction_unknown",
        "The ledger does not have the transaction that a command is about.",
        "Look at the transaction first; its own outcome says what became of it.",
    ),
    Outcome(
        "not_authorised",
        "A capture or void of something that is not a hold, or of one that was refused.",
        "Command only what is `authorised`.",
    ),
    Outcome("already_captured", "The hold was captured before.", "Nothing: the money has moved."),
    Outcome("already_voided", "The hold was released before.", "Make a new transaction."),
    Outcome(
        "hold_expired",
        "The command was accepted after the hold's deadline.",
        "Make a new transaction, with a longer hold if needed.",
    ),
    Outcome(
        "hold_not_expired",
        "An expiry came before the hold's deadline; clients never ask for one.",
        "Nothing: the hold is as it was.",
    ),
    Outcome("exceeds_hold", "A capture asks for more than is held.", "Capture the hold or less."),
    Outcome(
        "not_reversible",
        "A reversal of something that has not moved money, or of a reversal.",
        "Reverse the original, once it is posted.",
    ),
    Outcome(
        "exceeds_original",
        "A reversal asks for more than is left of the original.",
        "Look at `reversed_amount`, and reverse the difference or less.",
    ),
    Outcome(
        "discarded_by_staff",
        "The request could not be carried out, and staff gave it up.",
        "Ask support, or make a new transaction.",
    ),
)
"""Of transactions and commands."""

CLOSING_REFUSALS = (
    Outcome(
        "balance_not_zero",
        "A wallet of the user has money.",
        "Take it out or pay it on, then ask again.",
    ),
    Outcome(
        "open_holds",
        "A hold on a wallet of the user, or towards it, is open.",
        "Capture or void the hold, or wait for its deadline, then ask again.",
    ),
    Outcome(
        "account_frozen",
        "Staff have frozen a wallet of the user.",
        "Ask support.",
    ),
    Outcome(
        "discarded_by_staff",
        "The request to close could not be carried out, and staff gave it up.",
        "Ask again.",
    ),
)
"""Why an account is not closed; it is then what it was before."""
