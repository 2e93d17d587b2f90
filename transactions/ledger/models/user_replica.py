"""What this service remembers of users."""

from django.db import models


class UserReplica(models.Model):
    """A user's status as last heard, for display and staff; no rule is built on it."""

    id = models.UUIDField(primary_key=True, editable=False)
    status = models.CharField(max_length=32)

    class Meta:
        db_table = "ledger_user_replica"
        verbose_name = "user"

    def __str__(self) -> str:
        return f"{self.id} {self.status}"
