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

FIELD_CODES = (
    Outcome("required", "The member is missing, or needed by another one.", "Add it."),
    Outcome("null", "It is null.", "Give a value, or leave it out where it may be left out."),
    Outcome("blank", "It is an empty text.", "Give a text, or leave it out."),
    Outcome("invalid", "It is not of the form that the description shows.", "Look there."),
    Outcome("invalid_choice", "It is none of the codes.", "Give one that the detail lists."),
    Outcome("unknown_field", "There is no such member or parameter.", "Leave it out."),
    Outcome("not_applicable", "It does not go together with the others.", "Leave it out."),
    Outcome("not_a_string", "It is not a JSON string.", "Put it in quotes."),
    Outcome("not_an_integer", "It is not a JSON integer.", "No quotes, fraction or exponent."),
    Outcome("not_a_dict", "It is not a JSON object.", "Give an object."),
    Outcome("out_of_range", "The number is too small or too large.", "Stay within the range."),
    Outcome("max_length", "The text is too long.", "Shorten it."),
    Outcome("min_length", "The text is too short.", "Give more."),
    Outcome("too_many", "It has too many members.", "Send fewer."),
    Outcome(
        "control_character",
        "The text has control or bidirectional characters.",
        "Send what people can see.",
    ),
    Outcome("unknown_currency", "It is no ISO 4217 code that is kept.", "Use one, in capitals."),
)
"""What `errors[].code` says beside codes of the catalogue."""

AUTH_CODES = (
    Outcome("invalid_json", "The body is not a strict JSON object.", "Mend the body."),
    Outcome("invalid", "A member is not what it should be; `param` names it.", "Change it."),
    Outcome("max_length", "A member has more than 1,024 characters.", "Shorten it."),
    Outcome("payload_too_large", "The body is over 64 KiB.", "Send less."),
    Outcome("conflict", "Another request did the same at the same time.", "Look, then repeat it."),
    Outcome("session_ended", "The session ended while the request ran.", "Sign in again."),
    Outcome("busy", "Another request holds what this one needs.", "Repeat the request."),
    Outcome("unavailable", "The database does not answer in time.", "Repeat the request."),
)
"""What `users.identity.auth_requests` answers before or instead of allauth."""
