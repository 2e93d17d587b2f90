"""What supervisor is told: one program for each of the stack's own processes."""

import hashlib
import os
import resource
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from compose.local.processes import Process
from compose.local.stack import ROOT, Stack

# Supervisor gives up after three tries by default; a store may be away for hours.
TRIES = 1_000_000
OPEN_FILES = 65_536
SOCKET_PATH_MAX = 90  # bytes; 107 is the kernel's limit, and supervisor appends a pid


def socket_path(stack: Stack) -> Path:
    """Return the path of supervisor's socket, which must be short."""
    path = stack.run / "supervisor.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX:
        return path
    digest = hashlib.sha256(os.fsencode(stack.local_dir)).hexdigest()[:12]
    return Path(f"/tmp/notion-api-{os.geteuid()}-{digest}.sock")  # noqa: S108  mode 0700, ours


def render(stack: Stack, processes: Iterable[Process]) -> str:
    """Return supervisor's configuration file."""
    sections = {
        "unix_http_server": {"file": str(socket_path(stack)), "chmod": "0700"},
        "supervisord": _daemon(stack),
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
    }
    for process in processes:
        sections[f"program:{process.name}"] = _program(stack, process)
    return "\n".join(_section(name, values) for name, values in sections.items())


def _daemon(stack: Stack) -> dict[str, str]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    values = {
        "logfile": str(stack.logs / "supervisor.log"),
        "logfile_maxbytes": "5MB",
        "logfile_backups": "1",
        "pidfile": str(stack.run / "supervisor.pid"),
        "childlogdir": str(stack.logs),
        "directory": str(ROOT),
        "minfds": str(files),
        "umask": "022",
    }
    return values | ({"user": "root"} if os.geteuid() == 0 else {})


def _program(stack: Stack, process: Process) -> dict[str, str]:
    values = {
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": str(TRIES),
        "stopsignal": process.stop_signal,
        "stopwaitsecs": str(process.stop_wait_s),
        "killasgroup": "true",
        "redirect_stderr": "true",
        "environment": _variables(process.environment),
    }
    return values | (_as_user(stack, process) if process.user else _launched(stack, process))


def _launched(stack: Stack, process: Process) -> dict[str, str]:
    launcher = ROOT / "compose" / "local" / "launch.sh"
    log = stack.logs / f"{process.name}.log"
    words = ["/bin/sh", str(launcher), str(log), *process.command()]
    return {
        "command": _escape(shlex.join(words)),
        "directory": str(ROOT),
        "stdout_logfile": "NONE",
    }


def _as_user(stack: Stack, process: Process) -> dict[str, str]:
    """Start as another user, who could not write the log himself."""
    return {
        "command": _escape(shlex.join(process.command())),
        "directory": "/",
        "user": process.user or "",
        "stdout_logfile": str(stack.logs / f"{process.name}.log"),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "1",
    }


def _variables(values: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in values.items())


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _section(name: str, values: Mapping[str, str]) -> str:
    lines = [f"{key} = {value}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])
