"""
What is equal in the settings of both services.

Deployments differ by environment variables only; secrets have no default. A service's
`settings/base.py` calls these functions with its own prefix (`USERS`, `TRANSACTIONS`).
"""

import os
import re
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from common import serve
from common.db.timeouts import timeout_options

ROOT = Path(__file__).resolve().parent.parent
env = environ.Env()

COMMON_APPS = [
    "unfold",  # before django.contrib.admin, whose templates it replaces
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_standardized_errors",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "common.outbox",
    "common.inbox",
    "common.reconciliation",
    "common.staff",
    "common.hourly",
]

COMMON_MIDDLEWARE = [
    "common.api.request_ids.RequestIdMiddleware",
    "common.api.security_headers.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "common.staff.session_limits.SessionLimitMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [ROOT / "common" / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

FORMAT_MODULE_PATH = ["common.formats"]
STATICFILES_DIRS = [ROOT / "common" / "static"]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

BODY_SIZE_MAX = 64 * 1024

OUTBOX_PUBLISH = env.bool("OUTBOX_PUBLISH", default=True)
"""
Whether web and consumer processes publish what they commit.

Off, somebody else must: `publish_outbox --follow`, or change data capture. Without a publisher
nobody counts what waits, so there is no backpressure either.
"""

OUTBOX_BACKLOG_MAX = env.int("OUTBOX_BACKLOG_MAX", default=100_000)
"""Unpublished events above which new requests are answered 503 `backpressure`."""

OUTBOX_KEEP_DAYS = env.int("OUTBOX_KEEP_DAYS", default=30)
"""Days after which published events that the other service has applied may be removed."""

HEARTBEAT_FILE = env.str("HEARTBEAT_FILE", default="")
"""A file that `consume_events` touches at every loop; empty: none."""

INBOX_BREAKER = {
    "streams": env.int("INBOX_BREAKER_STREAMS", default=20),
    "letters": env.int("INBOX_BREAKER_LETTERS", default=50),
    "share": env.float("INBOX_BREAKER_SHARE", default=0.05),
    "window_s": env.float("INBOX_BREAKER_WINDOW_S", default=300.0),
}
"""When a consumer halts: see `common.inbox.breaker`."""

INBOX_STUCK_S = env.float("INBOX_STUCK_S", default=60.0)
"""Seconds without progress after which a consumer logs where its threads are; 0: never."""

STAFF_IDLE_S = env.int("STAFF_IDLE_S", default=15 * 60)
"""Seconds without a request after which somebody is signed out of a console."""

STAFF_SESSION_MAX_S = env.int("STAFF_SESSION_MAX_S", default=8 * 3600)
"""Seconds after which somebody has to sign in to a console again, used or not."""

STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", default=True)
"""Whether staff get into a console, and tokens, with a second factor only."""

if not 0 < STAFF_IDLE_S <= STAFF_SESSION_MAX_S:
    raise ImproperlyConfigured("STAFF_IDLE_S must be above 0, and STAFF_SESSION_MAX_S no less")

WEB_THREADS = serve.threads()
"""
Requests that a web process works on at the same time.

Its server decides and says so here, as `common/gunicorn.conf.py` does.
"""

TOKEN_ISSUER = "notion-users"  # noqa: S105  a name, not a secret
TOKEN_AUDIENCE = "notion-api"  # noqa: S105  a name, not a secret


def database(prefix: str) -> dict[str, Any]:
    """
    The service's own PostgreSQL database.

    `DATABASE_ROLE=owner` (which `manage.py migrate` sets for itself) connects as the owner of
    the tables; everything else runs as the application role. Web processes use a pool of
    `DATABASE_POOL_MAX` connections (8) and wait `DATABASE_POOL_TIMEOUT_S` seconds (0.8) for one.
    """
    owner = os.environ.get("DATABASE_ROLE") == "owner"
    config: dict[str, Any] = env.db_url(
        f"{prefix}_MIGRATION_DATABASE_URL" if owner else f"{prefix}_DATABASE_URL"
    )
    options = {
        **config.get("OPTIONS", {}),
        "connect_timeout": 3,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "application_name": env.str("PROCESS_NAME", default=prefix.lower()),
        # Only what asks for it is prepared: see common/db/prepared.py.
        "prepare_threshold": 5,
    }
    if not owner:
        options["options"] = timeout_options("web")
        options["pool"] = database_pool()
    return {
        **config,
        "ENGINE": "common.db.pooled",
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
        # The pool's engine looks after its connections by itself.
        "CONN_HEALTH_CHECKS": owner,
        "ATOMIC_REQUESTS": False,
    }


def database_pool() -> dict[str, Any]:
    """
    How many connections a process keeps, and how long it waits for one.

    A database that is away is told to clients within a second; commands have time.
    """
    wait_s = env.float("DATABASE_POOL_TIMEOUT_S", default=0.8)
    return {
        "min_size": 1,
        "max_size": env.int("DATABASE_POOL_MAX", default=8),
        "timeout": wait_s,
        # The pool doubles the pause before each attempt to connect, for minutes. If it gives up
        # no later than who waits, the next one who asks begins anew, at once.
        "reconnect_timeout": wait_s,
    }


def kafka() -> dict[str, Any]:
    """How to reach Kafka, and how the project lays its topics out."""
    return {
        "BOOTSTRAP_SERVERS": env.str("KAFKA_BOOTSTRAP_SERVERS"),
        "TOPIC_PARTITIONS": env.int("KAFKA_TOPIC_PARTITIONS", default=4),
        "REPLICATION_FACTOR": env.int("KAFKA_REPLICATION_FACTOR", default=3),
        "CONSUMER_INSTANCE_ID": env.str("CONSUMER_INSTANCE_ID", default=""),
        "MAX_POLL_INTERVAL_MS": env.int("KAFKA_MAX_POLL_INTERVAL_MS", default=90_000),
    }


_PEER_SECRET_MIN = 32


def peer(own: str, other: str, *, source: str) -> dict[str, str]:
    """
    How to ask the other service, and what it must show to ask us.

    There is a secret for each direction, named after who shows it to whom; `source` is the
    other service's name in the envelopes of its events.
    """
    return {
        "NAME": other.lower(),
        "SOURCE": source,
        "URL": env.str(f"{other}_INTERNAL_URL"),
        "SECRET_NAME": f"{own}_TO_{other}_SECRET",
        "SECRET_SHOWN": _peer_secret(f"{own}_TO_{other}_SECRET"),
        "SECRET_EXPECTED": _peer_secret(f"{other}_TO_{own}_SECRET"),
    }


def _peer_secret(name: str) -> str:
    value: str = env.str(name)
    # It travels in a header, where spaces and other alphabets would not arrive as they are.
    if not re.fullmatch(rf"[!-~]{{{_PEER_SECRET_MIN},}}", value):
        raise ImproperlyConfigured(
            f"{name} must have {_PEER_SECRET_MIN} characters or more, of ASCII and without spaces"
        )
    return value


def sign_on_secret() -> str:
    """What the console of transactions shows to be given tokens of staff; both services have it."""
    return _peer_secret("STAFF_SIGN_ON_SECRET")


def twin_console(other: str) -> str:
    """Where the other service's console is, for links from page to page; empty: no links."""
    url: str = env.str(f"{other}_CONSOLE_URL", default="")
    return url.rstrip("/")


def rest_framework() -> dict[str, Any]:
    """Strict JSON in, JSON out, problem documents, and nobody may do anything by default."""
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": ["common.api.authentication.TokenAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["common.api.permissions.DenyAll"],
        "DEFAULT_PARSER_CLASSES": ["common.api.parsers.StrictJSONParser"],
        "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.api.negotiation.FirstForAny",
        "DEFAULT_RENDERER_CLASSES": ["common.api.renderers.FastJSONRenderer"],
        "DEFAULT_SCHEMA_CLASS": "common.api.openapi.ApiSchema",
        # OPTIONS would describe every view to whoever may call it; the OpenAPI document does.
        "DEFAULT_METADATA_CLASS": None,
        "EXCEPTION_HANDLER": "common.api.problems.exception_handler",
        # What an answer looks like is asked for by Accept; `?format=` is unknown like any other.
        "URL_FORMAT_OVERRIDE": None,
        "UNAUTHENTICATED_USER": None,
        "NUM_PROXIES": 1,
    }


def standardized_errors() -> dict[str, Any]:
    """drf-standardized-errors finds and flattens the errors; we give them their shape."""
    return {
        "EXCEPTION_HANDLER_CLASS": "common.api.problems.ProblemHandler",
        "EXCEPTION_FORMATTER_CLASS": "common.api.problems.ProblemFormatter",
        "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
    }


def api_description(service: str, about: str, *hooks: str) -> dict[str, Any]:
    """
    OpenAPI of one service; its pages load nothing from elsewhere.

    `hooks` complete the description, after what is common to all.
    """
    return {
        "TITLE": f"Notion API: {service}",
        "DESCRIPTION": f"{about}\n\n{_API_PAGES.format(service=service)}",
        "VERSION": "1.0.0",
        "OAS_VERSION": "3.1.1",
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
        "SERVE_AUTHENTICATION": [],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
        "SCHEMA_PATH_PREFIX": "/api/v1",
        "SERVERS": [
            {"url": "/", "description": "The gateway that shows this page"},
            {"url": "http://127.0.0.1:4000", "description": "A stack on your machine"},
        ],
        "COMPONENT_SPLIT_PATCH": False,
        "SORT_OPERATIONS": False,
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "common.api.openapi.complete",
            *hooks,
        ],
    }


_API_PAGES = """Amounts are integers in minor units: `1250` with `EUR` is 12.50. Errors are problem
documents (RFC 9457): program against their `code`. Every request that has effects carries an
`Idempotency-Key`, and may be repeated with it until there is an answer.

This description: [to try](/{service}/docs), [to read](/{service}/docs/redoc), [for
tools](/{service}/schema), [its events](/{service}/docs/events). The services:
[users](/users/docs), [transactions](/transactions/docs)."""


_MFA_SECRET_MIN = 32


def second_factors(prefix: str) -> dict[str, Any]:
    """
    What allauth is told of second factors, by its settings' names without `MFA_`.

    The first of the secrets encrypts, all of them decrypt.
    """
    secrets = env.list(f"{prefix}_MFA_SECRETS")
    if not secrets or min(map(len, secrets)) < _MFA_SECRET_MIN:
        raise ImproperlyConfigured(
            f"{prefix}_MFA_SECRETS must hold secrets of {_MFA_SECRET_MIN} characters or more"
        )
    return {
        "ADAPTER": "common.staff.mfa_adapter.MFAAdapter",
        "SUPPORTED_TYPES": ["totp", "recovery_codes"],
        "TOTP_ISSUER": "Notion API",
        # Clocks of telephones differ by seconds; a code works once all the same.
        "TOTP_TOLERANCE": 1,
        "RECOVERY_CODES_SHOW_ONCE": True,
        "SECRETS": secrets,
    }


def counters_cache() -> dict[str, Any]:
    """A cache where every process sees the counters of rate limits."""
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache_entry",
            # At Django's 300 entries, a stranger could push out the counters of everybody else.
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }


def celery(prefix: str) -> dict[str, Any]:
    """
    Housekeeping only; the money's road never passes here.

    With `filesystem://` as broker, messages live in `<prefix>_CELERY_BROKER_DIR`.
    """
    url = env.str(f"{prefix}_CELERY_BROKER_URL")
    transport: dict[str, Any] = {}
    if url.startswith("filesystem"):
        folder = Path(env.str(f"{prefix}_CELERY_BROKER_DIR"))
        folder.mkdir(parents=True, exist_ok=True)
        transport = {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(folder / "control"),
        }
    return {
        "BROKER_URL": url,
        "BROKER_TRANSPORT_OPTIONS": transport,
        "TASK_IGNORE_RESULT": True,
        "TIMEZONE": "UTC",
        "WORKER_HIJACK_ROOT_LOGGER": False,
    }


def cookies(service: str, *, secure: bool) -> dict[str, Any]:
    """Cookie settings under the service's own names: cookies ignore ports (P56)."""
    return {
        "SESSION_COOKIE_NAME": f"{service}_session",
        "CSRF_COOKIE_NAME": f"{service}_csrf",
        "SESSION_COOKIE_SECURE": secure,
        "CSRF_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SAMESITE": "Lax",
    }


def production_security() -> dict[str, Any]:
    """What a deployment behind TLS sets; the gateway's proxy terminates it."""
    return {
        "SECURE_SSL_REDIRECT": True,
        "SECURE_REDIRECT_EXEMPT": [
            r"^healthz/",
            r"^api/",
            r"^_allauth/",
            r"^\.well-known/",
            r"^internal/",
            r"^sign-on/",
        ],
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "SECURE_HSTS_PRELOAD": True,
    }
