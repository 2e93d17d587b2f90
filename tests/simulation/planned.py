"""Errors that a run asked for; any other error is a finding."""


class PlannedBug(Exception):
    """A handler that fails as a bug would."""
