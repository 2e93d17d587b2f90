import pytest

from compose.local.errors import OperatorError
from compose.local.stack import ROOT, replica_names, stack_from


class TestStackFrom:
    def test_lives_in_the_repository_by_default(self):
        stack = stack_from({})

        assert stack.local_dir == ROOT / ".local"
        assert stack.url("gateway") == "http://127.0.0.1:4000"

    def test_counts_a_relative_folder_from_the_repository(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)

        assert stack_from({"LOCAL_DIR": "elsewhere"}).local_dir == ROOT / "elsewhere"

    @pytest.mark.parametrize("text", ["0", "5", "two", ""])
    def test_refuses_a_number_of_replicas_it_has_no_ports_for(self, text):
        with pytest.raises(OperatorError, match="REPLICAS"):
            stack_from({"REPLICAS": text})


def test_replicas_are_numbered_from_the_second_on():
    assert replica_names("users-web", 3) == ["users-web", "users-web-2", "users-web-3"]


def test_folders_can_be_passed_but_not_read_by_others(made):
    assert made.local_dir.stat().st_mode & 0o077 in {0o000, 0o011}
    assert made.run.stat().st_mode & 0o077 == 0
