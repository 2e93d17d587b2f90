"""What every deployment of the transactions service has in common."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from common import settings as shared
from common.events.topics import (
    TRANSACTIONS_DEAD_LETTERS,
    TRANSACTIONS_EVENTS,
    TRANSACTIONS_SOURCE,
    USERS_SOURCE,
)
from common.logs import logging_config
from common.settings import (  # noqa: F401  Django reads them from this module
    AUTH_PASSWORD_VALIDATORS,
    BODY_SIZE_MAX,
    COMMON_APPS,
    COMMON_MIDDLEWARE,
    FORMAT_MODULE_PATH,
    HEARTBEAT_FILE,
    INBOX_BREAKER,
    INBOX_STUCK_S,
    OUTBOX_BACKLOG_MAX,
    OUTBOX_KEEP_DAYS,
    OUTBOX_PUBLISH,
    PASSWORD_HASHERS,
    ROOT,
    STAFF_IDLE_S,
    STAFF_MFA_REQUIRED,
    STAFF_SESSION_MAX_S,
    STATICFILES_DIRS,
    TEMPLATES,
    TOKEN_AUDIENCE,
    TOKEN_ISSUER,
    env,
)
from common.staff.sign_on import CLIENT_ID

SECRET_KEY = env.str("TRANSACTIONS_SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = env.list("TRANSACTIONS_ALLOWED_HOSTS")
CONSOLE_URL = env.str("TRANSACTIONS_CONSOLE_URL").rstrip("/")
CSRF_TRUSTED_ORIGINS = [CONSOLE_URL]
TWIN_CONSOLE_URL = shared.twin_console("USERS")

INSTALLED_APPS = [
    *COMMON_APPS,
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "transactions.ledger",
    "transactions.sign_on",
]
MIDDLEWARE = [
    *COMMON_MIDDLEWARE,
    "allauth.account.middleware.AccountMiddleware",
    "transactions.sign_on.renewal.SignOnMiddleware",
]
ROOT_URLCONF = "transactions.urls"
LOGIN_REDIRECT_URL = "/admin/"
CSRF_FAILURE_VIEW = "common.staff.problem_pages.csrf_failure"
WSGI_APPLICATION = "transactions.wsgi.application"

DATABASES: dict[str, dict[str, Any]] = {"default": shared.database("TRANSACTIONS")}
DATABASE_APPLICATION_ROLE: str = env.db_url("TRANSACTIONS_DATABASE_URL")["USER"]
"""The role that migrations take rights on the ledger from; it owns no table."""

CACHES = shared.counters_cache()

# Staff of the users console sign in by it.
STAFF_SIGN_ON_CHECK_S = env.int("STAFF_SIGN_ON_CHECK_S", default=60)
"""Seconds after which users is asked whether a sign-on that is used still holds."""

STAFF_SIGN_ON_AWAY_S = env.int("STAFF_SIGN_ON_AWAY_S", default=300)
"""Seconds without an answer after which it holds no longer."""

if not 0 < STAFF_SIGN_ON_CHECK_S <= STAFF_SIGN_ON_AWAY_S:
    raise ImproperlyConfigured(
        "STAFF_SIGN_ON_CHECK_S must be above 0, and STAFF_SIGN_ON_AWAY_S no less"
    )

SOCIALACCOUNT_ADAPTER = "transactions.sign_on.adapter.SignOnAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "users": {
        "OAUTH_PKCE_ENABLED": True,
        "APP": {
            "name": "users console",
            "provider_id": "users",
            "client_id": CLIENT_ID,
            "secret": shared.sign_on_secret(),
            "settings": {"token_auth_method": "client_secret_basic", "fetch_userinfo": False},
        },
    }
}

# Staff of this console alone, for when that of users is away. allauth counts their attempts and
# keeps their second factors; none of its pages are here.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ALLAUTH_TRUSTED_PROXY_COUNT = 1
globals().update(
    {f"MFA_{name}": value for name, value in shared.second_factors("TRANSACTIONS").items()}
)

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/transactions/static/"
STATIC_ROOT = env.str(
    "TRANSACTIONS_STATIC_ROOT", default=str(ROOT / ".local" / "static" / "transactions")
)

KAFKA = shared.kafka()
OUTBOX_TOPIC = TRANSACTIONS_EVENTS
OUTBOX_SOURCE = TRANSACTIONS_SOURCE
DEAD_LETTERS_TOPIC = TRANSACTIONS_DEAD_LETTERS
PEER = shared.peer("TRANSACTIONS", "USERS", source=USERS_SOURCE)
EVENT_WIRING = "transactions.wiring.WIRING"
HOURLY_SOURCES = "transactions.ledger.hourly.SOURCES"

TOKEN_KEYS = "common.api.token_keys.RemoteKeys"  # noqa: S105  a class, not a secret
USERS_JWKS_URL = env.str("USERS_JWKS_URL")

REST_FRAMEWORK = shared.rest_framework()
DRF_STANDARDIZED_ERRORS = shared.standardized_errors()
SPECTACULAR_SETTINGS = shared.api_description(
    "transactions", "Balances, and what the ledger knows about a transaction."
)

LOGGING = logging_config(
    log_format=env.str("LOG_FORMAT", default="json"), level=env.str("LOG_LEVEL", default="INFO")
)

for _name, _value in shared.celery("TRANSACTIONS").items():
    globals()[f"CELERY_{_name}"] = _value
