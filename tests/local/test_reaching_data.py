import os
import pwd

import pytest

from compose.local import placement
from compose.local.errors import OperatorError


@pytest.fixture
def nobody():
    return pwd.getpwnam("nobody")


@pytest.fixture
def open_folder(tmp_path, monkeypatch):
    """A folder whose parents do not count: pytest's own are closed to others."""
    folder = tmp_path / "clone"
    folder.mkdir(mode=0o755)
    real = placement._may_pass
    monkeypatch.setattr(
        placement,
        "_may_pass",
        lambda status, user: (
            status.st_ino in {step.stat().st_ino for step in tmp_path.parents}
            or status.st_ino == tmp_path.stat().st_ino
            or real(status, user)
        ),
    )
    return folder


class TestCanEnter:
    def test_sees_an_open_folder(self, open_folder, nobody):
        assert placement.can_enter(open_folder / "not-made-yet", nobody)

    def test_sees_a_folder_that_is_closed_to_others(self, open_folder, nobody):
        open_folder.chmod(0o700)

        assert placement.can_enter(open_folder / ".local", nobody) == (
            os.geteuid() == nobody.pw_uid
        )

    def test_counts_the_owners_own_right_only(self, open_folder):
        open_folder.chmod(0o077)

        assert not placement.can_enter(open_folder, pwd.getpwuid(os.geteuid()))


class TestMakeShelter:
    def test_makes_a_folder_others_may_pass(self, tmp_path):
        placement.make_shelter(tmp_path / "shelter")

        assert (tmp_path / "shelter").stat().st_mode & 0o777 == 0o711

    def test_refuses_a_link_somebody_put_there(self, tmp_path):
        (tmp_path / "shelter").symlink_to(tmp_path)

        with pytest.raises(OperatorError, match="not ours alone"):
            placement.make_shelter(tmp_path / "shelter")

    def test_refuses_a_folder_others_may_write_to(self, tmp_path):
        (tmp_path / "shelter").mkdir()
        (tmp_path / "shelter").chmod(0o777)

        with pytest.raises(OperatorError, match="not ours alone"):
            placement.make_shelter(tmp_path / "shelter")


def test_two_stacks_never_share_a_shelter(imagined, made):
    assert placement.shelter_of(imagined) == placement.shelter_of(made)
    assert placement.shelter_of(imagined) != placement.shelter_of(
        type(imagined)(local_dir=imagined.local_dir / "other")
    )
