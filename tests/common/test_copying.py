from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from common.db import copying
from common.db.copying import NewRows, bytea_of, bytea_of_text, rows_copy, tables_copy
from tests.factories.events import ALICE, BOB

NOON = datetime(2026, 1, 2, 12, 0, 0, 250, tzinfo=UTC)
COLUMNS = ("id", "number", "told", "at", "raw")


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE copied (position bigint GENERATED ALWAYS AS IDENTITY,"
            " id uuid PRIMARY KEY, number bigint, told text, at timestamptz, raw bytea)"
            " ON COMMIT DROP"
        )
    return "copied"


def rows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, number, told, at, raw FROM copied ORDER BY position")
        return [(*row[:-1], row[-1] if row[-1] is None else bytes(row[-1])) for row in cursor]


class TestRowsCopy:
    def test_adds_rows_of_every_kind_in_the_order_given(self, table, monkeypatch):
        monkeypatch.setattr(copying, "_ROWS_AT_ONCE", 2)

        rows_copy(
            table,
            COLUMNS,
            [
                (BOB, 2**63 - 1, "told", NOON, bytea_of(b'\x00"\\\n')),
                (ALICE, -(2**63), "", None, bytea_of(b"")),
                (UUID(int=1), None, None, None, None),
            ],
        )

        assert rows() == [
            (BOB, 2**63 - 1, "told", NOON, b'\x00"\\\n'),
            (ALICE, -(2**63), "", None, b""),
            (UUID(int=1), None, None, None, None),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            *("null", '"', '""', "\\", "\\.", "\\n", '\\"', "\n", "\r\n", "\t", "\x1f", "\b\f"),
            *("],[", "]\n[", ",", "{}", " é ", "\u2028", "'", "\\x00", "\\\n", "\x7f"),
        ],
    )
    def test_adds_texts_whatever_is_in_them(self, table, text):
        rows_copy(table, ("id", "told"), [(ALICE, "plain"), (BOB, text)])

        assert [row[2] for row in rows()] == ["plain", text]

    @pytest.mark.parametrize(
        "text", ["{}", '{"a":"\\\\n\\"é"}', "\\", "\\134", "\n\t", "\\x00", ""]
    )
    def test_adds_bytes_that_are_a_text(self, table, text):
        rows_copy(table, ("id", "raw"), [(ALICE, bytea_of_text(text.encode()))])

        assert [row[4] for row in rows()] == [text.encode()]

    def test_adds_nothing_for_nothing(self, table):
        rows_copy(table, COLUMNS, [])

        assert rows() == []

    def test_raises_what_django_raises(self, table):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows_copy(table, ("id",), [(ALICE,), (ALICE,)])
        with pytest.raises(DataError), transaction.atomic():
            rows_copy(table, ("id", "told"), [(ALICE, "\x00")])

        assert rows() == []


def told(table, texts, *, spoilt=False):
    for number, text in enumerate(texts):
        yield UUID(int=number + 1), text
    if spoilt:
        raise LookupError(table)


@pytest.mark.parametrize("many", [False, True])
class TestTablesCopy:
    @pytest.fixture
    def other(self, table):
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMPORARY TABLE other (LIKE {table} INCLUDING ALL) ON COMMIT DROP"
            )
        return "other"

    def copy(self, *tables, many):
        columns = ("id", "told")
        tables_copy((NewRows(table, columns, rows) for table, rows in tables), many=many)

    def others(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT told FROM other")
            return [text for (text,) in cursor]

    def test_adds_rows_to_each_in_the_order_given(self, table, other, many, monkeypatch):
        monkeypatch.setattr(copying, "_ROWS_AT_ONCE", 2)

        self.copy(
            (table, told(table, "abc")),
            (other, told(other, "")),
            (table, told(table, "")),
            (other, told(other, "de")),
            many=many,
        )

        assert [row[2] for row in rows()] == ["a", "b", "c"]
        assert self.others() == ["d", "e"]

    def test_adds_nothing_when_rows_cannot_be_made(self, table, other, many):
        with pytest.raises(LookupError, match="other"), transaction.atomic():
            self.copy(
                (table, told(table, "abc")), (other, told(other, "d", spoilt=True)), many=many
            )

        assert (rows(), self.others()) == ([], [])

    def test_raises_what_django_raises_and_copies_nothing_more(self, table, other, many):
        with pytest.raises(DataError), transaction.atomic():
            self.copy((table, told(table, "\x00")), (other, told(other, "d")), many=many)

        assert (rows(), self.others()) == ([], [])
