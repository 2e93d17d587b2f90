import configparser
from pathlib import Path

import pytest

from compose.local.processes import Process
from compose.local.stack import Stack
from compose.local.supervisor_config import SOCKET_PATH_MAX, render, socket_path

UNIX_SOCKET_MAX = 107


def parsed(stack, process):
    config = configparser.RawConfigParser()
    config.read_string(render(stack, [process]))
    return config[f"program:{process.name}"]


@pytest.fixture
def process():
    return Process(
        name="users-web",
        command=lambda: ("/bin/echo", "50%", "two words"),
        is_ready=lambda: True,
        environment={"SECRET": "a%b"},
    )


class TestSocketPath:
    def test_lies_with_the_stack(self, imagined):
        assert socket_path(imagined).parent == imagined.run

    def test_is_short_even_where_the_stack_lies_deep(self):
        deep = Stack(local_dir=Path("/home/somebody") / ("x" * 80) / ".local")

        path = socket_path(deep)

        assert len(str(path)) <= SOCKET_PATH_MAX
        assert len(f"{path}.4194304") <= UNIX_SOCKET_MAX

    def test_differs_between_two_deep_stacks(self):
        paths = {socket_path(Stack(local_dir=Path(f"/{'x' * 90}/{n}"))) for n in range(2)}

        assert len(paths) == 2


class TestRender:
    def test_never_gives_up_on_a_process(self, imagined, process):
        program = parsed(imagined, process)

        assert program["autorestart"] == "true"
        assert int(program["startretries"]) >= 1_000_000
        assert program["killasgroup"] == "true"

    def test_keeps_percent_signs_and_spaces(self, imagined, process):
        program = parsed(imagined, process)

        assert program["command"].endswith("/bin/echo 50%% 'two words'")
        assert program["environment"] == 'SECRET="a%%b"'
