"""The environment variables of the processes; docs/settings of the services say what they mean."""

from pathlib import Path

from compose.local import credentials, links
from compose.local.ports import LOOPBACK
from compose.local.stack import ROOT, SERVICES, Stack

# A process gets the private values of its own service only.
PRIVATE = (
    *("SECRET_KEY", "DATABASE_URL", "MIGRATION_DATABASE_URL"),
    *("SIGNING_KEYS_DIR", "MFA_SECRETS"),
)
# What the services read, with what is right on one machine; the caller's environment wins.
TUNABLE = {
    "KAFKA_TOPIC_PARTITIONS": "4",
    "KAFKA_REPLICATION_FACTOR": "1",
    "LOG_FORMAT": "console",
    "SERVER": "granian",
    "WEB_WORKERS": "1",
    "WEB_THREADS": "32",
    "INBOX_BREAKER_STREAMS": "20",
    "INBOX_BREAKER_LETTERS": "50",
    "INBOX_BREAKER_SHARE": "0.05",
    "INBOX_BREAKER_WINDOW_S": "300",
    "INBOX_STUCK_S": "60",
    "STAFF_SIGN_ON_CHECK_S": "60",
}


def local_database_url(stack: Stack, service: str, role: str) -> str:
    """Return the URL of this stack's own PostgreSQL; `role` is owner, app or readonly."""
    password = credentials.load(stack)[f"{service}_{role}_password"]
    port = stack.port(f"postgres-{service}")
    return f"postgres://{service}_{role}:{password}@{LOOPBACK}:{port}/{service}"


def local_bootstrap(stack: Stack) -> str:
    """Return the address of this stack's own Kafka."""
    return f"{LOOPBACK}:{stack.port('kafka')}"


def has_own_database(stack: Stack, service: str) -> bool:
    """
    Tell whether the stack runs this service's PostgreSQL itself.

    A URL in the environment means an outside server, unless it is the stack's own: programs
    started by a stack (the tests) carry its variables and may call `manage_all.sh` again.
    """
    given = stack.variables.get(f"{service.upper()}_DATABASE_URL")
    return not given or given == local_database_url(stack, service, "app")


def has_own_kafka(stack: Stack) -> bool:
    """Tell whether the stack runs Kafka itself; see `has_own_database`."""
    given = stack.variables.get("KAFKA_BOOTSTRAP_SERVERS")
    return not given or given == local_bootstrap(stack)


def stack_environment(stack: Stack) -> dict[str, str]:
    """Return every variable of the system, for one-off commands, tests and tools."""
    values = {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "LOCAL_DIR": str(stack.local_dir),
        "PORT_OFFSET": str(stack.offset),
        "REPLICAS": str(stack.replicas),
        "KAFKA_BOOTSTRAP_SERVERS": stack.variables.get("KAFKA_BOOTSTRAP_SERVERS")
        or local_bootstrap(stack),
        "PUBLIC_URL": stack.url("gateway"),
        "GATEWAY_URL": stack.url("gateway"),
        "ENVOY_ADMIN_URL": stack.url("gateway-admin"),
        "USERS_JWKS_URL": f"{stack.url('users-web')}/.well-known/jwks.json",
        "USERS_SIGNING_KEYS_DIR": str(stack.local_dir / "signing-keys"),
        "MAIL_DIR": str(stack.local_dir / "mail"),
        # What the console of transactions shows to that of users.
        "STAFF_SIGN_ON_SECRET": credentials.load(stack)["staff_sign_on_secret"],
    }
    for name, default in TUNABLE.items():
        values[name] = stack.variables.get(name, default)
    for service in SERVICES:
        values |= _of_service(stack, service)
    return values | _demo_passwords(stack)


def _of_service(stack: Stack, service: str) -> dict[str, str]:
    prefix, given = service.upper(), stack.variables
    app = given.get(f"{prefix}_DATABASE_URL") or local_database_url(stack, service, "app")
    own = has_own_database(stack, service)
    owner = local_database_url(stack, service, "owner") if own else app
    return {
        f"{prefix}_URL": stack.url(f"{service}-web"),
        f"{prefix}_CONSOLE_URL": stack.url(f"{service}-web"),
        f"{prefix}_INTERNAL_URL": stack.url(f"{service}-web"),
        # What this service shows to the other one; both need both.
        f"{prefix}_TO_{_other(service).upper()}_SECRET": credentials.load(stack)[
            f"{service}_peer_secret"
        ],
        f"{prefix}_SECRET_KEY": credentials.load(stack)[f"{service}_secret_key"],
        f"{prefix}_MFA_SECRETS": credentials.load(stack)[f"{service}_mfa_secret"],
        f"{prefix}_DATABASE_URL": app,
        f"{prefix}_MIGRATION_DATABASE_URL": given.get(f"{prefix}_MIGRATION_DATABASE_URL", owner),
        f"{prefix}_ALLOWED_HOSTS": given.get(
            f"{prefix}_ALLOWED_HOSTS", f"localhost,{LOOPBACK},{service}-web"
        ),
        f"{prefix}_CELERY_BROKER_URL": given.get(f"{prefix}_CELERY_BROKER_URL", "filesystem://"),
        f"{prefix}_CELERY_BROKER_DIR": str(stack.local_dir / "celery" / service),
    }


def _other(service: str) -> str:
    return next(name for name in SERVICES if name != service)


def _demo_passwords(stack: Stack) -> dict[str, str]:
    made = credentials.load(stack)
    names = {f"DEMO_{account.upper()}_PASSWORD": account for account in credentials.DEMO_ACCOUNTS}
    return {
        name: stack.variables.get(name) or made[f"demo_{account}_password"]
        for name, account in names.items()
    }


def service_environment(stack: Stack, service: str) -> dict[str, str]:
    """Return the variables of one service's `manage.py`: nothing private of the other one."""
    other = _other(service).upper()
    hidden = {f"{other}_{suffix}" for suffix in PRIVATE}
    prefix = f"{service.upper()}_"
    given = {name: value for name, value in stack.variables.items() if name.startswith(prefix)}
    values = given | stack_environment(stack)
    shown = {name: value for name, value in values.items() if name not in hidden}
    return shown | {"DJANGO_SETTINGS_MODULE": f"{service}.settings.local"}


def process_environment(stack: Stack, service: str, name: str) -> dict[str, str]:
    """Return the variables of a long-running process, which has no use for other passwords."""
    values = links.led_through(stack, service, service_environment(stack, service))
    values.pop("REPLICAS")  # one more of a kind is no reason to restart the others
    for variable in list(values):
        if variable.startswith("DEMO_") or variable.endswith("_MIGRATION_DATABASE_URL"):
            del values[variable]
    return values | {
        "PROCESS_NAME": name,
        "CONSUMER_INSTANCE_ID": name,
        "HEARTBEAT_FILE": str(heartbeat_file(stack, name)),
    }


def heartbeat_file(stack: Stack, name: str) -> Path:
    """Return the file a consumer touches at every turn of its loop."""
    return stack.run / f"{name}.heartbeat"


def inherited(stack: Stack) -> dict[str, str]:
    """
    Return what a program of the stack may take from the caller's environment.

    What another project, or the test run, has exported must not steer our processes.
    """
    foreign = ("USERS_", "TRANSACTIONS_", "DEMO_", "DJANGO_", "PYTHON", "PYTEST_", "PG")
    names = {"DATABASE_ROLE", "VIRTUAL_ENV", "CLASSPATH"}
    return {
        name: value
        for name, value in stack.variables.items()
        if name not in names and not name.startswith(foreign)
    }
