"""Gives a store a file system of its own with a size cap, which can then be filled."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compose.local import kafka
from compose.local.placement import place
from compose.local.stack import stack_from
from tests.chaos import killing

SPARE_BYTES = 96 * 2**20  # PostgreSQL writes its log in files of 16 MiB
PIECE = b"\0" * 2**20


def folder_of(name: str) -> Path:
    """Where a store keeps its data."""
    stack = stack_from(os.environ)
    if name == "kafka":
        return kafka.home(stack) / "data"
    return place(stack).data / name.removeprefix("postgres-")


def can_be_capped() -> bool:
    """Whether this user may mount a file system."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


@contextmanager
def capped(name: str) -> Iterator[Path]:
    """A store that runs on a small file system while the block runs, with all of its data."""
    folder = folder_of(name)
    kept = folder.with_name(f"{folder.name}.kept")
    killing.stop(name)
    folder.rename(kept)
    _copy_of(kept, folder)
    killing.start(name)
    killing.wait_until_back(name)
    try:
        yield folder
    finally:
        killing.stop(name)
        shutil.rmtree(kept)
        _run("cp", "-a", str(folder), str(kept))
        _run("umount", str(folder))
        folder.rmdir()
        kept.rename(folder)
        killing.start(name)
        killing.wait_until_back(name)


def fill(folder: Path) -> Path:
    """Fill the file system to the last byte; returns the file that does."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(PIECE)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return filler


def _copy_of(kept: Path, folder: Path) -> None:
    status = kept.stat()
    used = sum(file.stat().st_blocks * 512 for file in kept.rglob("*") if file.is_file())
    folder.mkdir()
    size = f"size={used + SPARE_BYTES},mode={status.st_mode & 0o777:o}"
    _run("mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder))
    os.chown(folder, status.st_uid, status.st_gid)
    _run("cp", "-a", f"{kept}/.", str(folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
