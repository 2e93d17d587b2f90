"""The ledger's routes below /api/v1/."""

from django.urls import path

from transactions.ledger import accounts_api, api, statements_api

urlpatterns = [
    path("accounts", accounts_api.AccountListApi.as_view(), name="account-list"),
    path("accounts/<uuid:account_id>", accounts_api.AccountApi.as_view(), name="account"),
    path(
        "accounts/<uuid:account_id>/statement",
        statements_api.StatementApi.as_view(),
        name="account-statement",
    ),
    path(
        "ledger/transactions/<uuid:transaction_id>",
        api.LedgerTransactionApi.as_view(),
        name="ledger-transaction",
    ),
]
