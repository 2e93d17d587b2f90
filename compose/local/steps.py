"""
The one-off steps of `up`, each skipped when nothing it depends on has changed.

A stamp in LOCAL_DIR holds the digest of what a step was last done with; `reset` removes it
together with the data. An outside store may change behind our back, so there every step is done.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from compose.local import credentials, manage, postgres
from compose.local.environment import has_own_database, has_own_kafka, service_environment
from compose.local.stack import ROOT, Stack

SHARED = "common"


def digest_of(parts: Iterable[str | bytes]) -> str:
    """Return one digest for several values, in order."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8) + data)
    return total.hexdigest()


def once(stack: Stack, step: str, digest: str, do: Callable[[], object]) -> bool:
    """Do a step unless it was done with the same digest; returns whether it was done now."""
    stamp = stack.stamps / step
    if stamp.exists() and stamp.read_text() == digest:
        return False
    do()
    stamp.write_text(digest)
    return True


def migrations_digest(service: str) -> str:
    """Return a digest of every migration of a service, those of its packages included."""
    files = [
        file
        for package in (SHARED, service)
        for file in sorted((ROOT / package).glob("**/migrations/*.py"))
    ]
    versions = (ROOT / "requirements" / "base.txt").read_bytes()
    return digest_of([versions, *(part for file in files for part in _named(file))])


def _named(file: Path) -> tuple[str, bytes]:
    return str(file.relative_to(ROOT)), file.read_bytes()


def migrate(stack: Stack, service: str) -> bool:
    """Bring the service's tables up to date."""
    digest = migrations_digest(service) if has_own_database(stack, service) else ""
    return _unless_outside(
        stack, f"migrate-{service}", digest, lambda: manage.run(stack, service, "migrate")
    )


def make_roles(stack: Stack, service: str) -> bool:
    """Make the roles and the database of a service's own cluster."""
    passwords = [value for name, value in credentials.load(stack).items() if service in name]
    digest = digest_of([(ROOT / "compose" / "roles.sql").read_bytes(), *passwords])
    return once(stack, f"roles-{service}", digest, lambda: postgres.make_roles(stack, service))


def create_topics(stack: Stack) -> bool:
    """Create the topics with their number of partitions."""
    partitions = service_environment(stack, "users")["KAFKA_TOPIC_PARTITIONS"]
    topics = (ROOT / SHARED / "events" / "topics.py").read_bytes()
    digest = digest_of([partitions, topics]) if has_own_kafka(stack) else ""
    return _unless_outside(
        stack, "topics", digest, lambda: manage.run(stack, "users", "create_topics")
    )


def seed_demo(stack: Stack, service: str) -> bool:
    """Make the demo accounts; their passwords are part of what the stamp covers."""
    values = service_environment(stack, service)
    passwords = [value for name, value in sorted(values.items()) if name.startswith("DEMO_")]
    own = has_own_database(stack, service)
    digest = digest_of([migrations_digest(service), *passwords]) if own else ""
    return _unless_outside(
        stack, f"seed-{service}", digest, lambda: manage.run(stack, service, "seed_demo")
    )


def create_signing_key(stack: Stack) -> bool:
    """Make the key that signs access tokens, unless there is one."""
    folder = stack.local_dir / "signing-keys"
    if folder.is_dir() and any(folder.iterdir()):
        return False
    manage.run(stack, "users", "create_signing_key")
    return True


def register_console(stack: Stack) -> bool:
    """Let the console of transactions sign staff on, with its address and secret of now."""
    values = service_environment(stack, "users")
    names = ("TRANSACTIONS_CONSOLE_URL", "STAFF_SIGN_ON_SECRET")
    own = has_own_database(stack, "users")
    digest = digest_of([migrations_digest("users"), *(values[name] for name in names)])
    return _unless_outside(
        stack,
        "console",
        digest if own else "",
        lambda: manage.run(stack, "users", "register_console"),
    )


def _unless_outside(stack: Stack, step: str, digest: str, do: Callable[[], object]) -> bool:
    if not digest:
        do()
        return True
    return once(stack, step, digest, do)
