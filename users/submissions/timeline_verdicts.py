"""What the ledger said about requests and commands, in words for the timeline."""

from typing import NamedTuple

from common.console import Tone
from common.money import money_display
from common.staff.timeline import refusal_in_words
from users.submissions.models import StaffOutcome, TransactionCommand, TransactionRequest

_DONE = {"capture": "captured", "void": "released", "expiry": "released", "reverse": "given back"}


class Verdict(NamedTuple):
    """A word with its tone, and a sentence."""

    word: str
    tone: Tone
    says: str


def verdict_of_request(request: TransactionRequest) -> Verdict | None:
    """The first outcome of a request, whatever commands have made of it since."""
    status = TransactionRequest.Status
    if request.status == status.PENDING:
        return None
    amount = money_display(request.amount, request.currency)
    if request.rejection_code is not None:
        return _refused(request.rejection_code)
    if request.capture == TransactionRequest.Capture.MANUAL:
        return Verdict(status.AUTHORISED, "info", f"{amount} are held.")
    return Verdict(status.POSTED, "success", f"{amount} moved.")


def verdict_of_command(command: TransactionCommand) -> Verdict | None:
    """What became of a command; None as long as nothing did."""
    if command.status == TransactionCommand.Status.PENDING:
        return None
    return _verdict(
        command.type,
        command.applied_amount,
        command.rejection_code,
        command.transaction.currency,
    )


def verdict_of_staff(outcome: StaffOutcome) -> Verdict:
    """What became of a command that nobody gave here."""
    return _verdict(
        outcome.type, outcome.applied_amount, outcome.rejection_code, outcome.transaction.currency
    )


def _verdict(type_: str, amount: int | None, code: str | None, currency: str) -> Verdict:
    if code is not None:
        return _refused(code)
    money = "all" if amount is None else money_display(amount, currency)
    return Verdict("applied", "success", f"{money} {_DONE.get(type_, 'moved')}.")


def _refused(code: str) -> Verdict:
    return Verdict("refused", "danger", refusal_in_words(code))
