from datetime import UTC, datetime

import pytest
from django.db import connection

from common.db.arrays import array_of
from tests.factories.events import ALICE, BOB

NOON = datetime(2026, 1, 2, 12, 0, 0, 250, tzinfo=UTC)


def read(values, kind):
    """What the database makes of an array of this type."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT value FROM unnest(%s::{kind}[]) AS value",  # noqa: S608  a type of the tests
            [array_of(values)],
        )
        return [value for (value,) in cursor.fetchall()]


@pytest.mark.django_db
class TestArrayOf:
    @pytest.mark.parametrize(
        ("kind", "values"),
        [
            ("uuid", [ALICE, None, BOB]),
            ("bigint", [1, None, -(2**63), 2**63 - 1]),
            ("timestamptz", [NOON, None]),
            ("boolean", [True, None, False]),
            ("text", ["", "null", "NULL", "{a,b}", " é, ", None, "%s"]),
            ("text", []),
        ],
    )
    def test_gives_the_database_the_values_themselves(self, kind, values):
        assert read(values, kind) == values

    @pytest.mark.parametrize("text", ['"', "\\", "\n", "\t", "\x1f", "\x7f", "'", "\u2028", "}"])
    def test_gives_texts_whatever_is_in_them(self, text):
        assert read(["plain", text, None], "text") == ["plain", text, None]

    def test_writes_ids_into_texts_in_their_canonical_form(self):
        assert read([ALICE], "text") == [str(ALICE)]
