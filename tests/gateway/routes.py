"""
The table of routes: what the gateway lets through and what it does not.

The README of the gateway describes the same table; a path that is not here is 404.
"""

from typing import NamedTuple

UUID = "018f6b1e-7b7e-7c3e-9a51-5b0f6f1d2c3a"


class Route(NamedTuple):
    """A public route: where it ends, under which path, and whether it needs a token."""

    method: str
    path: str
    service: str
    upstream_path: str
    needs_token: bool


def _as_is(method: str, path: str, service: str) -> Route:
    return Route(method, path, service, path, needs_token=True)


def _open(method: str, path: str, service: str) -> Route:
    return Route(method, path, service, path, needs_token=False)


def _auth(method: str, path: str, upstream_path: str) -> Route:
    upstream_path = f"/_allauth/app/v1/{upstream_path}"
    return Route(method, f"/api/v1/auth/{path}", "users", upstream_path, needs_token=False)


ROUTES = [
    _open("GET", "/.well-known/jwks.json", "users"),
    _open("GET", "/.well-known/openid-configuration", "users"),
    _auth("POST", "signup", "auth/signup"),
    _auth("POST", "login", "auth/login"),
    _auth("GET", "session", "auth/session"),
    _auth("DELETE", "session", "auth/session"),
    _auth("POST", "email/verify", "auth/email/verify"),
    _auth("POST", "password/request", "auth/password/request"),
    _auth("POST", "password/reset", "auth/password/reset"),
    _auth("POST", "reauthenticate", "auth/reauthenticate"),
    _auth("GET", "sessions", "auth/sessions"),
    _auth("DELETE", "sessions", "auth/sessions"),
    _auth("POST", "2fa/authenticate", "auth/2fa/authenticate"),
    _auth("POST", "2fa/reauthenticate", "auth/2fa/reauthenticate"),
    _auth("POST", "tokens/refresh", "tokens/refresh"),
    _auth("POST", "account/password/change", "account/password/change"),
    _auth("PATCH", "account/email", "account/email"),
    _auth("GET", "account/authenticators", "account/authenticators"),
    _auth("POST", "account/authenticators/totp", "account/authenticators/totp"),
    _auth("POST", "account/authenticators/recovery-codes", "account/authenticators/recovery-codes"),
    _as_is("GET", "/api/v1/users/me", "users"),
    _as_is("PATCH", "/api/v1/users/me", "users"),
    _as_is("POST", "/api/v1/users/me/close", "users"),
    _as_is("GET", "/api/v1/transactions", "users"),
    _as_is("POST", "/api/v1/transactions", "users"),
    _as_is("POST", "/api/v1/transactions/batch", "users"),
    _as_is("GET", f"/api/v1/transactions/{UUID}", "users"),
    _as_is("GET", f"/api/v1/transactions/{UUID}/events", "users"),
    _as_is("POST", f"/api/v1/transactions/{UUID}/capture", "users"),
    _as_is("POST", f"/api/v1/transactions/{UUID}/void", "users"),
    _as_is("POST", f"/api/v1/transactions/{UUID}/reverse", "users"),
    _as_is("GET", f"/api/v1/transactions/{UUID}/commands/{UUID}", "users"),
    _as_is("GET", "/api/v1/accounts", "transactions"),
    _as_is("GET", f"/api/v1/accounts/{UUID}", "transactions"),
    _as_is("GET", f"/api/v1/accounts/{UUID}/statement", "transactions"),
    _as_is("GET", f"/api/v1/ledger/transactions/{UUID}", "transactions"),
    _open("GET", "/users/docs", "users"),
    _open("GET", "/users/docs/redoc", "users"),
    _open("GET", "/users/docs/events", "users"),
    _open("GET", "/users/schema", "users"),
    _open("GET", "/users/static/swagger-ui-dist/swagger-ui-bundle.5f2c.js", "users"),
    _open("GET", "/transactions/docs", "transactions"),
    _open("GET", "/transactions/docs/redoc", "transactions"),
    _open("GET", "/transactions/docs/events", "transactions"),
    _open("GET", "/transactions/schema", "transactions"),
    _open("GET", "/transactions/static/swagger-ui-dist/swagger-ui.css", "transactions"),
]

# Path tricks (A9). Each is sent with a good token, so that nothing but the path decides.

HIDDEN = [
    "/",
    "/admin",
    "/admin/",
    "/admin/login/",
    "//admin/",
    "///admin/",
    "/./admin/",
    "/%61dmin/",
    "/ADMIN/",
    "/admin;/",
    "/metrics",
    "/healthz/live",
    "/healthz/ready",
    "/internal",
    "/internal/streams",
    "/_allauth/app/v1/auth/session",
    "/_allauth/browser/v1/auth/session",
    "/accounts/login/",
    "/identity/o/authorize",
    "/favicon.ico",
    "/robots.txt",
    "/.git/config",
    "/.env",
    "/.well-known/",
    "/.well-known/jwks.json/",
    "/.well-known/security.txt",
    "/.well-known/../admin/",
    "/.well-known/openid-configuration/x",
    "/.WELL-KNOWN/jwks.json",
    "/api",
    "/api/",
    "/api/v1",
    "/api/v1/",
    "/api/v2/transactions",
    "/api/v1/../../admin/",
    "/api/v1/%2e%2e/%2e%2e/admin/",
    "/api/v1/.%2e/.%2E/admin/",
    "/api/..;/admin/",
    "/api/v1/..;/..;/admin/",
    "/api/v1/;/accounts",
    "/api/v1/accounts;x=1",
    "/api/v1/accounts;/",
    "/api/v1/transactions/../../../admin/",
    "/api/v1/transactions/..;/..;/..;/admin/",
    "/api/v1/transactions/..\\..\\admin/",
    "/api/v1/transactions/%252e%252e/%252e%252e/admin/",
    "/api/v1/transactions/%c0%ae%c0%ae/admin/",
    "/api/v1/transactions/%ef%bc%8e%ef%bc%8e/admin/",
    "/api/v1/transactions/%u002e%u002e/admin/",
    "/api/v1/transactions/%",
    "/api/v1/transactions/%zz",
    "/api/v1/transactions/%0d%0aX-Evil:%201",
    "/api/v1/transactions/%20",
    "/api/v1/transactions/a:b",
    "/api/v1/transactions/a~b",
    "/api/v1/transactions/a.b",
    "/api/v1/transactions/...",
    "/api/v1/transactions/a@b",
    "/api/v1/transactions/",
    "/api/v1/transactions/.",
    "/api/v1/transactions//",
    "/api/v1/transactions.",
    "/api/v1/transactionsx",
    "/api/v1/TRANSACTIONS",
    "/api/v1/transactions%20",
    "/api/v1/transactions%3fa=b",
    "/api/v1/transactions%23a",
    "/api/v1/accounts/",
    "/api/v1/Accounts",
    "/api/v1/users",
    "/api/v1/users/",
    "/api/v1/users/me/",
    "/api/v1/users/ME",
    "/api/v1/users/x",
    "/api/v1/users/me/closed",
    "/api/v1/users/me/close/x",
    "/api/v1/ledger",
    "/api/v1/ledger/transactions",
    "/api/v1/ledger/transactions/",
    "/api/v1/ledger/transactions/x/y",
    "/api/v1/ledger/accounts/x",
    "/api/v1/auth",
    "/api/v1/auth/",
    "/api/v1/auth/login/",
    "/api/v1/auth/Login",
    "/api/v1/auth/../../../_allauth/app/v1/auth/session",
    "/api/v1/auth/..%252f..%252fadmin",
    "/api/v1/auth/x.y",
    "/users",
    "/users/",
    "/users/docs/",
    "/users/docs/../admin/",
    "/users/docs/..;/admin/",
    "/users/schema.json",
    "/users/admin/",
    "/users/static",
    "/users/static/",
    "/users/static/../admin/",
    "/users/static/../../admin/",
    "/users/static/%2e%2e/%2e%2e/manage.py",
    "/users/static/.env",
    "/users/static/a/.git/config",
    "/users/static/a/..b",
    "/transactions",
    "/internal/v1/streams",
    "/internal/v1/streams/query",
    "/internal/v1/decisions",
    "/internal/v1/requests",
    "/api/v1/internal/v1/streams",
    "/api/v1/transactions/../../../internal/v1/streams",
    "/transactions/internal/v1/decisions",
    "/transactions/",
    "/transactions/admin/",
    "/transactions/docs/",
    "/transactions/static/../../admin/",
    "/transactions/users/docs",
    "http://api.example/admin/",
    "http://api.example/api/v1/../../admin/",
]
"""404 at the gateway: nobody's path, or somebody's who is not public."""

REFUSED = [
    "/.well-known%2fjwks.json",
    "/api/v1/transactions/%2e%2e%2f%2e%2e%2fadmin/",
    "/api/v1/transactions/..%2f..%2fadmin/",
    "/api/v1/transactions/..%5c..%5cadmin/",
    "/api/v1/transactions/%00",
    "/api/v1/transactions/a%00b",
    "/api/v1/transactions%2f",
    "/api/v1/transactions#/../admin",
    "/api/v1/auth/tokens/..%2f..%2f..%2fadmin",
    "/api/v1/auth/x%2fy",
    "/users/static/..%2fmanage.py",
    "/users/static/a.css%00.png",
    "https://api.example/api/v1/accounts",
    "ftp://api.example/api/v1/accounts",
    "http://",
    "api/v1/accounts",
    "*",
    "?a=b",
    "\\admin",
    "/api/v1/accounts /x",
]
"""400 at the gateway: not one path, or not HTTP."""

NORMALISED = [
    ("/api/v1/transactions/a%62c", "users", "/api/v1/transactions/abc"),
    ("/api/v1/tr%61nsactions", "users", "/api/v1/transactions"),
    ("/api/v1/transactions?next=/../../admin/", "users", "/api/v1/transactions?next=/../../admin/"),
    ("/api/v1/transactions?a=b?c=d", "users", "/api/v1/transactions?a=b?c=d"),
    ("/api/v1//transactions", "users", "/api/v1/transactions"),
    ("//api//v1//transactions//x", "users", "/api/v1/transactions/x"),
    ("/api/v1/./transactions/./x", "users", "/api/v1/transactions/x"),
    ("/api/v1/accounts/../transactions", "users", "/api/v1/transactions"),
    (
        "/api/v1/accounts/%2e%2e/ledger/transactions/x",
        "transactions",
        "/api/v1/ledger/transactions/x",
    ),
    ("/api/v1/users/../accounts", "transactions", "/api/v1/accounts"),
    ("/api/v1/auth/account", "users", "/_allauth/app/v1/auth/account"),
    ("/api/v1/auth/accountx/y", "users", "/_allauth/app/v1/auth/accountx/y"),
    ("/api/v1/auth/tokens/../session", "users", "/_allauth/app/v1/auth/session"),
    ("/api/v1/auth/../users/me", "users", "/api/v1/users/me"),
    ("/users/static//a.css", "users", "/users/static/a.css"),
    ("/users/static/a%2ecss", "users", "/users/static/a.css"),
    ("http://api.example/api/v1/accounts", "transactions", "/api/v1/accounts"),
    ("http://elsewhere.example/api/v1/accounts", "transactions", "/api/v1/accounts"),
    ("http://api.example//api/v1/accounts", "transactions", "/api/v1/accounts"),
]
"""Other spellings of a public path: they arrive in the one spelling that was checked."""
