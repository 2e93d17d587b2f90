"""docs/staff.md shows what roles.py says."""

from pathlib import Path

from common.staff.roles import ROLES, Role, roles_table

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "staff.md"


def test_has_the_table_of_permissions():
    _, _, rest = DOCUMENT.read_text().partition("<!-- roles.py -->\n")
    table, _, _ = rest.partition("<!-- /roles.py -->")

    assert table == roles_table(), f"between the marks belongs:\n{roles_table()}"


def test_names_every_role():
    text = DOCUMENT.read_text()

    assert all(f"| {role} |" in text for role in Role)
    assert set(ROLES) == set(Role)
