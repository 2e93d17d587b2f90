import pytest

from compose.local import lint_requirements

PINNED = "django==5.2.1 \\\n    --hash=sha256:abc\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(lint_requirements, "FOLDER", tmp_path)
    monkeypatch.setattr(lint_requirements, "SETS", ("base", "test"))
    (tmp_path / "base.in").write_text("# why\nDjango>=5.2,<6  # long-term support\n")
    (tmp_path / "base.txt").write_text(PINNED)
    (tmp_path / "test.in").write_text("-c base.txt\n")
    (tmp_path / "test.txt").write_text("")
    return tmp_path


class TestComplaints:
    @pytest.mark.usefixtures("folder")
    def test_finds_nothing_in_files_that_fit(self):
        assert list(lint_requirements.complaints()) == []

    def test_finds_what_was_asked_for_but_never_compiled(self, folder):
        (folder / "test.in").write_text("-c base.txt\npytest[extra]\n")

        assert list(lint_requirements.complaints()) == [
            "test.in asks for pytest, which test.txt does not pin"
        ]

    def test_finds_a_pin_outside_the_bounds(self, folder):
        (folder / "base.in").write_text("django<5\n")

        (complaint,) = lint_requirements.complaints()

        assert "pins django 5.2.1" in complaint

    def test_finds_one_package_in_two_versions(self, folder):
        (folder / "test.txt").write_text(PINNED.replace("5.2.1", "5.2.2"))

        (complaint,) = lint_requirements.complaints()

        assert complaint == "django is 5.2.1 in base.txt, but 5.2.2 in test.txt"


def test_the_projects_own_files_fit():
    assert list(lint_requirements.complaints()) == []
