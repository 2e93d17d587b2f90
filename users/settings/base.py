"""What every deployment of the users service shares."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from common.events.topics import (
    TRANSACTIONS_SOURCE,
    USERS_DEAD_LETTERS,
    USERS_EVENTS,
    USERS_SOURCE,
)
from common.logs import logging_config
from common.settings import (  # noqa: F401  some are settings as they stand
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
    WEB_THREADS,
    api_description,
    celery,
    counters_cache,
    database,
    env,
    kafka,
    peer,
    rest_framework,
    second_factors,
    sign_on_secret,
    standardized_errors,
    twin_console,
)

LOGIN_EVENTS_KEPT_DAYS_MIN = 90  # the trigger on the table says the same

SECRET_KEY = env.str("USERS_SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = env.list("USERS_ALLOWED_HOSTS")
CONSOLE_URL = env.str("USERS_CONSOLE_URL").rstrip("/")
PUBLIC_URL = env.str("PUBLIC_URL")
CSRF_TRUSTED_ORIGINS = [CONSOLE_URL, PUBLIC_URL]
TWIN_CONSOLE_URL = twin_console("TRANSACTIONS")
STAFF_SIGN_ON_SECRET = sign_on_secret()

INSTALLED_APPS = [
    *COMMON_APPS,
    "pgtrigger",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.idp.oidc",
    "users.identity",
    "users.submissions",
    "users.ledger_seals",
    "users.sign_on",
]
MIDDLEWARE = [
    *COMMON_MIDDLEWARE,
    "allauth.account.middleware.AccountMiddleware",
    "users.identity.auth_requests.AuthRequestMiddleware",
]
ROOT_URLCONF = "users.urls"
LOGIN_REDIRECT_URL = "/admin/"
CSRF_FAILURE_VIEW = "common.staff.problem_pages.csrf_failure"
WSGI_APPLICATION = "users.wsgi.application"
X_FRAME_OPTIONS = "DENY"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

DATABASES = {"default": database("USERS")}
DATABASE_APPLICATION_ROLE: str = env.db_url("USERS_DATABASE_URL")["USER"]
CACHES = counters_cache()
LOGGING = logging_config(
    log_format=env.str("LOG_FORMAT", default="json"), level=env.str("LOG_LEVEL", default="INFO")
)

STATIC_URL = "/users/static/"
STATIC_ROOT: str | None = env.str("USERS_STATIC_ROOT", default=str(ROOT / "staticfiles" / "users"))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

REST_FRAMEWORK = rest_framework()
DRF_STANDARDIZED_ERRORS = standardized_errors()
SPECTACULAR_SETTINGS = api_description(
    "users",
    "Sign up, make transactions and see what became of them.",
    "users.identity.auth_openapi.add_auth_routes",
)

EVENT_STREAM_MAX_S = env.float("USERS_EVENT_STREAM_MAX_S", default=30.0)
"""How long a stream of server-sent events lasts; the gateway gives it ten seconds more."""

KAFKA = kafka()
OUTBOX_TOPIC = USERS_EVENTS
OUTBOX_SOURCE = USERS_SOURCE
DEAD_LETTERS_TOPIC = USERS_DEAD_LETTERS
PEER = peer("USERS", "TRANSACTIONS", source=TRANSACTIONS_SOURCE)
EVENT_WIRING = "users.wiring.WIRING"
HOURLY_SOURCES = "users.hourly.SOURCES"
globals().update({f"CELERY_{name}": value for name, value in celery("USERS").items()})

# People and their tokens.
AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["users.identity.sign_in_backend.AddressBackend"]
SIGNING_KEYS_DIR = env.str("USERS_SIGNING_KEYS_DIR")
TOKEN_KEYS = "users.identity.signing_keys.LocalKeys"  # noqa: S105  a name, not a secret
ACCESS_TOKEN_LIFETIME_S = 300
REFRESH_TOKEN_LIFETIME_S = 7 * 24 * 3600
ALLOW_ISSUING_TOKENS = False
# A new key is published for so long before it signs: the gateway keeps keys for a minute, and so
# does whoever honours the Cache-Control of the list; web processes notice a file within seconds.
SIGNING_KEY_ANNOUNCE_S = env.int("SIGNING_KEY_ANNOUNCE_S", default=180)
LOGIN_EVENTS_KEEP_DAYS = env.int("LOGIN_EVENTS_KEEP_DAYS", default=400)
if LOGIN_EVENTS_KEEP_DAYS < LOGIN_EVENTS_KEPT_DAYS_MIN:
    raise ImproperlyConfigured(
        f"LOGIN_EVENTS_KEEP_DAYS must be {LOGIN_EVENTS_KEPT_DAYS_MIN} or more: the database"
        " deletes no younger event"
    )

globals().update({f"MFA_{name}": value for name, value in second_factors("USERS").items()})

FOUR_EYES_ABOVE: dict[str, int] = env(
    "FOUR_EYES_ABOVE", cast={"value": int}, default={"*": 100_000}
)
"""
Minor units above which a colleague approves what staff void and reverse, by currency.

`*` is for the currencies that are not named: `EUR=50000;JPY=100000;*=0`.
"""
if min(FOUR_EYES_ABOVE.values(), default=0) < 0:
    raise ImproperlyConfigured("FOUR_EYES_ABOVE must have amounts of 0 or more")
FOUR_EYES_EXPIRE_H = env.int("FOUR_EYES_EXPIRE_H", default=24)
"""Hours after which a proposal that nobody decided on is over."""

ACCOUNT_ADAPTER = "users.identity.account_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="mandatory")
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Whoever has a stolen access token could otherwise move the account to an address of theirs, have
# its next password sent there, and keep it.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Answers that must not tell known from unknown addresses are given at multiples of this time.
EVEN_ANSWERS_S = env.float("EVEN_ANSWERS_S", default=0.25)
ALLAUTH_TRUSTED_PROXY_COUNT = 1
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ["app"]
HEADLESS_TOKEN_STRATEGY = "users.identity.token_strategy.FamilyTokenStrategy"  # noqa: S105  a name
# Where the links in our mails lead; the page there sends the key on to the API.
FRONTEND_URL = env.str("FRONTEND_URL", default=PUBLIC_URL)
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{FRONTEND_URL}/account/verify-email?key={{key}}",
    "account_reset_password": f"{FRONTEND_URL}/account/password/reset",
    "account_reset_password_from_key": f"{FRONTEND_URL}/account/password/reset?key={{key}}",
    "account_signup": f"{FRONTEND_URL}/account/signup",
}

# Staff sign in to the other console by this one; its address is the name of who vouches for them.
IDP_OIDC_ADAPTER = "users.sign_on.oidc_adapter.SignOnAdapter"
IDP_OIDC_AUTH_METHODS = ["client_secret_basic"]
IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN = 30
IDP_OIDC_ID_TOKEN_EXPIRES_IN = 60
# Nothing takes either of these; the provider gives them all the same.
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 60
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 60

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="no-reply@notion-api.invalid")
if mail_dir := env.str("MAIL_DIR", default=""):
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = mail_dir
else:
    globals().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
