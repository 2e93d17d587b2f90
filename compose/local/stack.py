"""One stack: which folder, which ports, how many of each process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compose.local.errors import OperatorError
from compose.local.ports import BASE_PORTS, LOOPBACK, REPLICAS_MAX, parse_offset, port_of

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("users", "transactions")


@dataclass(frozen=True)
class Stack:
    """
    Where one stack lives and listens.

    `variables` is the caller's environment; every setting a stack takes is read from it, so a
    test can describe a stack without touching its own environment.
    """

    local_dir: Path
    offset: int = 0
    replicas: int = 1
    gateway_address: str = LOOPBACK
    variables: Mapping[str, str] = field(default_factory=dict)

    def port(self, name: str) -> int:
        """Return the port of a process of this stack."""
        return port_of(name, self.offset)

    def url(self, name: str) -> str:
        """Return the base URL of a process of this stack."""
        return f"http://{LOOPBACK}:{self.port(name)}"

    @property
    def logs(self) -> Path:
        """Return the folder with one log file for each process."""
        return self.local_dir / "logs"

    @property
    def run(self) -> Path:
        """Return the folder for pid files, heartbeats and what supervisor needs."""
        return self.local_dir / "run"

    @property
    def stamps(self) -> Path:
        """Return the folder that remembers which one-off steps were done, and on what."""
        return self.local_dir / "stamps"

    def make_folders(self) -> None:
        """Make the folders; another user may pass through (PostgreSQL), but not look."""
        self.local_dir.mkdir(parents=True, exist_ok=True)
        self.local_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for folder in (self.logs, self.run, self.stamps):
            folder.mkdir(mode=0o700, exist_ok=True)


def stack_from(variables: Mapping[str, str]) -> Stack:
    """
    Describe the stack the environment asks for; a relative LOCAL_DIR counts from the repository.

    Raises:
        OperatorError: PORT_OFFSET or REPLICAS is out of range.
    """
    return Stack(
        local_dir=(ROOT / variables.get("LOCAL_DIR", ".local")).resolve(),
        offset=parse_offset(variables.get("PORT_OFFSET", "0")),
        replicas=_replicas(variables.get("REPLICAS", "1")),
        gateway_address=variables.get("GATEWAY_ADDRESS", LOOPBACK),
        variables=dict(variables),
    )


def _replicas(text: str) -> int:
    if text not in {str(number) for number in range(1, REPLICAS_MAX + 1)}:
        raise OperatorError(f"REPLICAS must be a number from 1 to {REPLICAS_MAX}, not {text!r}")
    return int(text)


def replica_names(base: str, replicas: int) -> list[str]:
    """Return `users-web`, `users-web-2` and so on."""
    return [base, *(f"{base}-{number}" for number in range(2, replicas + 1))]


def listening_names(stack: Stack) -> list[str]:
    """Return the name behind every port the stack would open, outside stores included."""
    more = [
        name
        for service in SERVICES
        for name in replica_names(f"{service}-web", stack.replicas)
        if name not in BASE_PORTS
    ]
    return [*BASE_PORTS, *more]
