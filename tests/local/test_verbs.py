import os
import subprocess
import sys

import pytest

from compose.local import verbs
from compose.local.stack import ROOT

VERBS = [
    *("up", "down", "reset", "restart", "status", "logs", "doctor", "demo", "token"),
    *(
        "users",
        "transactions",
        "test",
        "lint",
        "bench",
        "chaos",
        "fuzz",
        "documents",
        "requirements",
    ),
]


def manage(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "compose.local", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb, capsys):
    with pytest.raises(SystemExit) as ended:
        verbs.main([verb, "--help"])

    assert ended.value.code == 0
    assert f"manage_all.sh {verb}" in capsys.readouterr().out


def test_help_needs_nothing_installed():
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            "import sys; sys.path.insert(0, '.');from compose.local.verbs import main; main([])",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "bring everything up" in done.stdout


def test_the_entry_point_works_through_a_link_from_elsewhere(tmp_path):
    link = tmp_path / "notion"
    link.symlink_to(ROOT / "manage_all.sh")

    done = subprocess.run(
        [link, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "restart processes" in done.stdout


class TestSplit:
    def test_gives_what_follows_two_dashes_to_the_tests(self):
        assert verbs._split(["test", "unit", "--", "-k", "ports"]) == (
            ["test", "unit"],
            ["-k", "ports"],
        )

    def test_leaves_the_arguments_of_manage_py_whole(self):
        words = ["users", "shell", "--", "-c"]

        assert verbs._split(words) == (words, [])


class TestQuiet:
    @pytest.mark.parametrize("words", [["-q", "up"], ["up", "--quiet"]])
    def test_is_understood_before_and_after_the_verb(self, words):
        assert verbs._quiet_first(words) == ["--quiet", "up"]

    def test_belongs_to_manage_py_behind_a_service(self):
        assert verbs._quiet_first(["users", "check", "-q"]) == ["users", "check", "-q"]


def test_reset_removes_nothing_without_yes(tmp_path):
    kept = tmp_path / "credentials.json"
    kept.write_text("{}")

    done = manage("reset", env={**os.environ, "LOCAL_DIR": str(tmp_path)})

    assert done.returncode == 2
    assert kept.exists()
    assert "--yes" in done.stderr


def test_a_wrong_setting_is_named_without_a_traceback():
    done = manage("status", env={**os.environ, "PORT_OFFSET": "99999"})

    assert done.returncode == 1
    assert done.stderr == "✗ PORT_OFFSET must be a number from 0 to 22000, not '99999'\n"
