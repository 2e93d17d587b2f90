"""
Submits requests as the web process does, in a process that may crash.

`python -m tests.chaos.submitting PAYER PAYEE KEY…` with the environment of the users service.
"""

import sys
from uuid import UUID

import django


def main(payer: UUID, payee: UUID, keys: list[str]) -> None:
    """Ask for one payment under each key, and print its id."""
    django.setup()
    from users.submissions.order import Order  # noqa: PLC0415  needs the configured applications
    from users.submissions.services import Caller, transaction_submit  # noqa: PLC0415  as above

    order = Order(
        kind="transfer", amount=1, currency="EUR", user=payer, counterparty=payee, metadata={}
    )
    for key in keys:
        caller = Caller(
            user_id=payer, idempotency_key=key, request_id=f"crash-{key}", traceparent=None
        )
        print(transaction_submit(order=order, caller=caller).request.id)


if __name__ == "__main__":
    main(UUID(sys.argv[1]), UUID(sys.argv[2]), sys.argv[3:])
