"""
Figures by the hour, and what is still to be added to them.

Note [Tallies]: triggers write tallies in the transaction that changes what is counted, so that
both happen or neither. They only ever insert, and therefore wait for nobody; housekeeping folds
tallies into figures and removes them in one statement. So everything is counted once, however
often that stops half-way, however long it was away, and in whatever order transactions commit;
and what changes later is counted in the hour that it belongs to.
"""

from typing import ClassVar

from django.db import models


class _Counted(models.Model):
    """
    How many, and what they come to, by what is counted, its hour, currency and label.

    `label` is the word that a series is broken down by, such as a status. `currency` is empty
    where there is no money.
    """

    series = models.CharField(max_length=32)
    hour = models.DateTimeField(help_text="When the hour began, in UTC.")
    currency = models.CharField(max_length=3, blank=True)
    label = models.CharField(max_length=64, blank=True)
    number = models.BigIntegerField()
    # A sum of bigints is wider than one, and a trigger that overflows would stop the road.
    amount = models.DecimalField(max_digits=38, decimal_places=0, help_text="Minor units.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.series} {self.label} {self.hour}: {self.number}"


class HourlyTally(_Counted):
    """A change of a figure that is not in it yet; both numbers may be negative."""

    class Meta:
        db_table = "hourly_tally"


class HourlyFigure(_Counted):
    """What all tallies so far have come to."""

    class Meta:
        db_table = "hourly_figure"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="hourly_figure_once", fields=["series", "hour", "currency", "label"]
            ),
        ]


class HourlyFolding(models.Model):
    """Up to when figures are whole; one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    folded_at = models.DateTimeField()

    class Meta:
        db_table = "hourly_folding"
        constraints: ClassVar = [
            models.CheckConstraint(name="hourly_folding_one_row", condition=models.Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"whole up to {self.folded_at}"
