"""A stack that only exists as a description, and the one the test run has started."""

import os
from pathlib import Path

import pytest

from compose.local.stack import Stack, stack_from


@pytest.fixture
def imagined(tmp_path: Path) -> Stack:
    return Stack(local_dir=tmp_path / "stack", offset=500)


@pytest.fixture
def made(imagined: Stack) -> Stack:
    imagined.make_folders()
    return imagined


@pytest.fixture
def running() -> Stack:
    return stack_from(os.environ)
