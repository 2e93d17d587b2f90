"""Apache Kafka as one KRaft node, with the broker settings the design asks for."""

import base64
import os
import shlex
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from compose.local import java, kafka_jars, links
from compose.local.environment import local_bootstrap
from compose.local.errors import OperatorError
from compose.local.ports import LOOPBACK
from compose.local.stack import Stack

# One compiler tier and the serial collector: ready in 1.8 s instead of 2.7 s, for half of the CPU
# time, on two cores; a broker this small gains nothing from the second tier.
JVM_FLAGS = "-Xmx512m -Xms256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
LOGGING = {
    "org.slf4j.simpleLogger.defaultLogLevel": "warn",
    "org.slf4j.simpleLogger.showDateTime": "true",
    "org.slf4j.simpleLogger.dateTimeFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "org.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer": "info",
}


def home(stack: Stack) -> Path:
    """Return the folder with the broker's data and configuration."""
    return stack.local_dir / "kafka"


def command(stack: Stack) -> tuple[str, ...]:
    """Return the command of the broker."""
    flags = shlex.split(stack.variables.get("KAFKA_JVM_FLAGS", JVM_FLAGS))
    logging = [f"-D{name}={value}" for name, value in LOGGING.items()]
    unpacked = f"-Djava.io.tmpdir={_unpacking_folder(stack)}"
    return _java(*flags, *logging, unpacked, "kafka.Kafka", str(_properties_file(stack)))


def _java(*arguments: str) -> tuple[str, ...]:
    *flags, main, last = arguments
    return (str(java.find()), *flags, "-cp", f"{kafka_jars.folder()}/*", main, last)


def _unpacking_folder(stack: Stack) -> Path:
    """Return where native libraries are unpacked; a killed broker would litter /tmp with them."""
    return home(stack) / "tmp"


def _properties_file(stack: Stack) -> Path:
    return home(stack) / "server.properties"


def properties(stack: Stack) -> dict[str, str]:
    """Return the broker's configuration; replication is 1 because there is one node."""
    broker, controller = stack.port("kafka"), stack.port("kafka-controller")
    extra = links.kafka_listeners(stack)
    listening = {"PLAINTEXT": broker, **{name: own for name, (own, _) in extra.items()}}
    told = {"PLAINTEXT": broker, **{name: link for name, (_, link) in extra.items()}}
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"{_addresses(listening)},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": _addresses(told),
        "listener.security.protocol.map": ",".join(
            f"{name}:PLAINTEXT" for name in (*listening, "CONTROLLER")
        ),
        "log.dirs": str(home(stack) / "data"),
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": "1",
        "message.max.bytes": "262144",
        "group.initial.rebalance.delay.ms": "0",
        # A killed broker may register again only when its last session is over: 9 s by default.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "500",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
    }


def _addresses(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in ports.items())


def prepare(stack: Stack) -> None:
    """Write the configuration and format the storage, which is done once in a stack's life."""
    home(stack).mkdir(mode=0o700, exist_ok=True)
    _unpacking_folder(stack).mkdir(exist_ok=True)
    lines = [f"{name}={value}\n" for name, value in properties(stack).items()]
    _properties_file(stack).write_text("".join(lines))
    if not (home(stack) / "data" / "meta.properties").exists():
        _format(stack)


def _format(stack: Stack) -> None:
    program = _java(
        "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "kafka.tools.StorageTool", "format"
    )
    result = subprocess.run(
        [*program, "--standalone", "-t", new_cluster_id(), "-c", str(_properties_file(stack))],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise OperatorError(f"Kafka's storage could not be formatted:\n{result.stderr}")


def new_cluster_id() -> str:
    """Make a random id that does not begin with a dash, which Kafka's tool takes for an option."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()).startswith("-"):
        continue
    return made.rstrip("=")


def bootstrap(stack: Stack) -> str:
    """Return where clients reach Kafka, the stack's own or an outside one."""
    return stack.variables.get("KAFKA_BOOTSTRAP_SERVERS") or local_bootstrap(stack)
