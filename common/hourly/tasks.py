"""Housekeeping of figures; it may run twice, late or not at all."""

from celery import shared_task

from common.hourly import folding


@shared_task(name="hourly.tallies_fold")
def tallies_fold() -> int:
    """Add what was counted since the last run to the figures by the hour."""
    return folding.tallies_fold()
