"""
A client of the public API, for programs that are outside of the services.

`ApiClient(url).sign_in(email, password)` gives a `Session`, which does the rest; `docs/client.md`
shows it at work. The services themselves never import this package.
"""

from common.client.api import ApiClient
from common.client.errors import (
    AnswerUnreadable,
    ClientError,
    NoAnswer,
    RequestRefused,
    ServiceUnavailable,
    SignedOut,
    SignInIncomplete,
    StillPending,
)
from common.client.orders import Deposit, Filters, Order, Transfer, Withdrawal
from common.client.retrying import Retrying
from common.client.session import Session

__all__ = [
    "AnswerUnreadable",
    "ApiClient",
    "ClientError",
    "Deposit",
    "Filters",
    "NoAnswer",
    "Order",
    "RequestRefused",
    "Retrying",
    "ServiceUnavailable",
    "Session",
    "SignInIncomplete",
    "SignedOut",
    "StillPending",
    "Transfer",
    "Withdrawal",
]
