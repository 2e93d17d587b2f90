"""The smallest valid objects of the users service."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import factory
from factory.django import DjangoModelFactory

from common.outbox.models import OutboxStream
from users.identity.models import User
from users.submissions.models import TransactionCommand, TransactionRequest

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
PASSWORD = "a long enough pass phrase"


class UserFactory(DjangoModelFactory[User]):
    """An active user with an open stream and no events yet."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        treasury = factory.Trait(role=User.Role.TREASURY)
        staff = factory.Trait(is_staff=True, is_superuser=True)

    email = factory.Sequence(lambda number: f"user{number}@example.com")
    status = User.Status.ACTIVE
    created_at = NOON
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def stream(self, create: bool, extracted: Any, **_: Any) -> None:  # noqa: FBT001  the library's
        if create:
            accepting = self.status == User.Status.ACTIVE if extracted is None else extracted
            OutboxStream.objects.create(stream=self.id, accepting=accepting)


def status_lead(user: User, status: str) -> None:
    """Give a user a status, by legal steps from where they are, and nothing that goes with it."""
    steps = ["active", "closing", "closed"] if status == "closed" else ["active", status]
    for step in steps:
        User.objects.filter(id=user.id).update(status=step)


class TransactionRequestFactory(DjangoModelFactory[TransactionRequest]):
    """A pending withdrawal, without an event."""

    class Meta:
        model = TransactionRequest

    user = factory.SubFactory(UserFactory)
    requested_by = factory.SelfAttribute("user")
    kind = "withdrawal"
    amount = 250
    currency = "EUR"
    capture = "automatic"
    accepted_at = NOON
    metadata: ClassVar[dict[str, str]] = {}
    idempotency_key = factory.Sequence(lambda number: f"key-{number}")
    fingerprint = "0" * 64
    request_id = "request-of-a-test"

    class Params:
        hold = factory.Trait(
            capture="manual",
            hold_expires_in_s=3600,
            hold_expires_at=factory.LazyAttribute(
                lambda row: row.accepted_at + timedelta(seconds=row.hold_expires_in_s)
            ),
        )
        transfer = factory.Trait(kind="transfer", counterparty=factory.SubFactory(UserFactory))
        posted = factory.Trait(
            status="posted", captured_amount=factory.SelfAttribute("amount"), settled_at=NOON
        )
        rejected = factory.Trait(
            status="rejected", rejection_code="insufficient_funds", settled_at=NOON
        )


class TransactionCommandFactory(DjangoModelFactory[TransactionCommand]):
    """A pending capture of a whole hold, without an event."""

    class Meta:
        model = TransactionCommand

    transaction = factory.SubFactory(TransactionRequestFactory, hold=True, status="authorised")
    type = "capture"
    requested_by = factory.SelfAttribute("transaction.requested_by")
    accepted_at = NOON
    idempotency_key = factory.Sequence(lambda number: f"key-{number}")
    fingerprint = "0" * 64
    request_id = "request-of-a-test"

    class Params:
        expiry = factory.Trait(
            type="expiry", requested_by=None, idempotency_key=None, fingerprint=None
        )
        applied = factory.Trait(
            status="applied",
            applied_amount=factory.SelfAttribute("transaction.amount"),
            settled_at=NOON,
        )
        rejected = factory.Trait(status="rejected", rejection_code="exceeds_hold", settled_at=NOON)
