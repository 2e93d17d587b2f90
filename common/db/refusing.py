"""Constraints become errors by name, never by message text."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from django.db import IntegrityError

from common.errors import ServiceError


def constraint_name(error: IntegrityError) -> str | None:
    """The constraint that an integrity error is about, as PostgreSQL names it."""
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None


@contextmanager
def refusing(errors: Mapping[str, type[ServiceError]]) -> Iterator[None]:
    """
    Raise the error that belongs to a broken constraint; others pass unchanged.

    The caller's transaction is broken then, as after any database error: let it roll back.
    """
    try:
        yield
    except IntegrityError as error:
        refusal = errors.get(constraint_name(error) or "")
        if refusal is None:
            raise
        raise refusal from error
