"""The ledger's routes below /api/v1/."""

from django.urls import path

from transactions.ledger import api

urlpatterns = [
    path("accounts", api.AccountListApi.as_view(), name="account-list"),
    path("accounts/<uuid:account_id>", api.AccountApi.as_view(), name="account"),
    path(
        "ledger/transactions/<uuid:transaction_id>",
        api.LedgerTransactionApi.as_view(),
        name="ledger-transaction",
    ),
]
