"""Whose wallets there are, and who may have none any more."""

from django.db import models


class WalletOwner(models.Model):
    """
    Somebody who has wallets, or was closed before having one.

    Opening a wallet and closing its owner both lock this row, so that neither overlooks the
    other. Closed once is closed for good: every wallet is closed by then, and one that is opened
    later is born closed.
    """

    id = models.UUIDField(primary_key=True, editable=False, help_text="The user.")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ledger_wallet_owner"
        verbose_name = "wallet owner"

    def __str__(self) -> str:
        return str(self.id)
