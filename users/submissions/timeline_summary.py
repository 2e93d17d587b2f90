"""What requests and commands are about, at a glance."""

from collections.abc import Iterator

from django.urls import reverse

from common.adminkit import duration_shown
from common.money import money_display
from common.staff.timeline import Fact, Summary
from users.identity.models import User
from users.submissions.models import TransactionCommand, TransactionRequest


def summary_of_request(request: TransactionRequest) -> Summary:
    """Whose money, to whom, what is left of it, and how long it took."""
    return Summary(
        amount=money_display(request.amount, request.currency),
        kind=request.get_kind_display(),
        word=request.status,
        says=request.description or "",
        facts=list(_facts_of_request(request)),
    )


def summary_of_command(command: TransactionCommand) -> Summary:
    """What is to be done with which transaction."""
    request = command.transaction
    amount = command.amount if command.applied_amount is None else command.applied_amount
    url = reverse("admin:submissions_transactionrequest_change", args=[request.pk])
    return Summary(
        amount=("All that remains" if amount is None else money_display(amount, request.currency)),
        kind=command.get_type_display(),
        word=command.status,
        says=command.reason or "",
        facts=[Fact.of_id("Of transaction", request.pk, url=url)],
    )


def _facts_of_request(request: TransactionRequest) -> Iterator[Fact]:
    into = request.kind == TransactionRequest.Kind.DEPOSIT
    yield _person("To" if into else "From", request.user)
    if request.counterparty is not None:
        yield _person("To", request.counterparty)
    if request.reference is not None:
        yield Fact.of_id("Reference", request.reference)
    if request.captured_amount not in (0, request.amount):
        yield Fact("Captured", money_display(request.captured_amount, request.currency))
    if request.reversed_amount:
        yield Fact("Given back", money_display(request.reversed_amount, request.currency))
    if request.outcome_consumed_at is not None:
        took = request.outcome_consumed_at - request.accepted_at
        yield Fact("From accepted to settled", duration_shown(took))


def _person(name: str, user: User) -> Fact:
    return Fact(name, str(user), reverse("admin:identity_user_change", args=[user.pk]))
