"""Who may do what in the users service: every route, every method, everybody."""

from tests.policy.callers import Rule, callers, everybody, object_of, peer
from users.submissions.models import TransactionRequest

_AUTH = "_allauth/app/v1"
_INTERNAL = "internal/v1"
_TRANSACTIONS = "api/v1/transactions"
_TRANSACTION = f"{_TRANSACTIONS}/<uuid:transaction_id>"
_KEY = {"Idempotency-Key": "a key of the matrix"}
_WITHDRAWAL = {"kind": TransactionRequest.Kind.WITHDRAWAL, "amount": 1, "currency": "EUR"}
_ITEM = {"idempotency_key": "an item of the matrix", **_WITHDRAWAL}
_ANYBODYS_ID = "01980000-0000-7000-8000-000000000000"

PROFILE = (
    Rule("GET", "api/v1/users/me", callers(200)),
    Rule("PATCH", "api/v1/users/me", callers(200, suspended=403), body={"display_name": "N"}),
    Rule("POST", "api/v1/users/me/close", callers(202), body={}),
)

TRANSACTIONS = (
    Rule("GET", _TRANSACTIONS, callers(200)),
    Rule("POST", _TRANSACTIONS, callers(202, suspended=403), body=_WITHDRAWAL, headers=_KEY),
    Rule(
        "POST",
        _TRANSACTIONS,
        callers(403, treasury=202),
        of="owner",
        body={**_WITHDRAWAL, "kind": TransactionRequest.Kind.DEPOSIT},
        headers=_KEY,
    ),
    Rule("POST", f"{_TRANSACTIONS}/batch", callers(200), body={"items": [_ITEM]}),
    Rule("GET", _TRANSACTION, object_of(owner=200), of="withdrawal"),
    Rule("GET", _TRANSACTION, object_of(owner=200, receiver=200), of="paid"),
    Rule("GET", _TRANSACTION, object_of(owner=200), of="held"),
    Rule("GET", _TRANSACTION, object_of(owner=200, treasury=200), of="deposit"),
    Rule("GET", f"{_TRANSACTION}/events", object_of(owner=200, receiver=200), of="paid"),
)

COMMANDS = (
    Rule("POST", f"{_TRANSACTION}/capture", object_of(owner=202), "held", {}, _KEY),
    Rule("POST", f"{_TRANSACTION}/void", object_of(owner=202), "held", {}, _KEY),
    Rule(
        "POST",
        f"{_TRANSACTION}/reverse",
        object_of(receiver=202, treasury=202),
        of="paid",
        body={},
        headers=_KEY,
    ),
    Rule(
        "POST",
        f"{_TRANSACTION}/reverse",
        object_of(treasury=202),
        of="deposit",
        body={},
        headers=_KEY,
    ),
    Rule(
        "POST",
        f"{_TRANSACTION}/reverse",
        object_of(treasury=202),
        of="withdrawal",
        body={},
        headers=_KEY,
    ),
    Rule("GET", f"{_TRANSACTION}/commands/<uuid:command_id>", object_of(owner=200), of="command"),
)

OPEN = tuple(
    Rule("GET", pattern, everybody(200))
    for pattern in (
        ".well-known/jwks.json",
        ".well-known/openid-configuration",
        "users/schema",
        "users/docs",
        "users/docs/redoc",
        "users/docs/redoc-script",
        "users/schema/events",
        "users/docs/events",
        "healthz/live",
        "healthz/ready",
    )
)

INTERNAL = (
    Rule("GET", f"{_INTERNAL}/streams", peer(200)),
    Rule("POST", f"{_INTERNAL}/streams/query", peer(200), body={"ids": [_ANYBODYS_ID]}),
    Rule("GET", f"{_INTERNAL}/requests", peer(200)),
    Rule("POST", f"{_INTERNAL}/requests/query", peer(200), body={"ids": [_ANYBODYS_ID]}),
    Rule("POST", f"{_INTERNAL}/announced/query", peer(200), body={"ids": [_ANYBODYS_ID]}),
    Rule("GET", f"{_INTERNAL}/kept-seals", peer(200)),
    Rule("POST", f"{_INTERNAL}/staff/query", peer(200), body={"ids": [_ANYBODYS_ID]}),
)

# An access token that no sign-in stands behind is nobody to allauth, which asks for a session;
# whoever signed in for it is tested where sign-ins are (tests/users/identity).
NO_SESSION = everybody(401)
ASKS_FOR_A_BODY = everybody(400)

AUTH = (
    Rule("GET", f"{_AUTH}/config", everybody(200)),
    Rule("GET", f"{_AUTH}/auth/session", NO_SESSION),
    Rule("DELETE", f"{_AUTH}/auth/session", NO_SESSION),
    Rule("POST", f"{_AUTH}/auth/reauthenticate", NO_SESSION, body={}),
    Rule("POST", f"{_AUTH}/auth/password/request", ASKS_FOR_A_BODY, body={}),
    Rule("GET", f"{_AUTH}/auth/password/reset", ASKS_FOR_A_BODY),
    Rule("POST", f"{_AUTH}/auth/password/reset", ASKS_FOR_A_BODY, body={}),
    Rule("POST", f"{_AUTH}/auth/login", ASKS_FOR_A_BODY, body={}),
    Rule("POST", f"{_AUTH}/auth/signup", ASKS_FOR_A_BODY, body={}),
    Rule("GET", f"{_AUTH}/auth/email/verify", ASKS_FOR_A_BODY),
    Rule("POST", f"{_AUTH}/auth/email/verify", ASKS_FOR_A_BODY, body={}),
    Rule("POST", f"{_AUTH}/account/password/change", NO_SESSION, body={}),
    # Without a session it might be for a sign-up that waits for its address, and there is none.
    Rule("POST", f"{_AUTH}/account/email", everybody(409), body={}),
    *(
        Rule(method, f"{_AUTH}/account/email", NO_SESSION, body={})
        for method in ("GET", "PUT", "PATCH", "DELETE")
    ),
    Rule("GET", f"{_AUTH}/auth/sessions", NO_SESSION),
    Rule("DELETE", f"{_AUTH}/auth/sessions", NO_SESSION, body={"all": True}),
    Rule("POST", f"{_AUTH}/auth/2fa/authenticate", NO_SESSION, body={}),
    Rule("POST", f"{_AUTH}/auth/2fa/reauthenticate", NO_SESSION, body={}),
    Rule("GET", f"{_AUTH}/account/authenticators", NO_SESSION),
    *(
        Rule(method, f"{_AUTH}/account/authenticators/totp", NO_SESSION, body={})
        for method in ("GET", "POST", "DELETE")
    ),
    *(
        Rule(method, f"{_AUTH}/account/authenticators/recovery-codes", NO_SESSION, body={})
        for method in ("GET", "POST")
    ),
    Rule("POST", f"{_AUTH}/tokens/refresh", ASKS_FOR_A_BODY, body={}),
)

# allauth has routes for telephone numbers and for codes by mail, which nobody here can have.
ABSENT = tuple(
    Rule(method, pattern, everybody(404), body={})
    for pattern, methods in {
        "^_allauth/app/v1/(?:account|auth)/phone": ("GET",),
        "^_allauth/app/v1/auth/(?:code/confirm|email/verify/resend)$": ("GET",),
        f"{_AUTH}/auth/code/confirm": ("POST",),
        f"{_AUTH}/auth/email/verify/resend": ("POST",),
        f"{_AUTH}/auth/phone/verify": ("POST",),
        f"{_AUTH}/auth/phone/verify/resend": ("POST",),
        f"{_AUTH}/account/phone": ("GET", "POST"),
    }.items()
    for method in methods
)

# Who shows a code shows the console's secret; without the members that go with it, nobody is asked.
SIGN_ON = (Rule("POST", "sign-on/token", everybody(400), body={}),)

RULES: tuple[Rule, ...] = (
    *PROFILE,
    *TRANSACTIONS,
    *COMMANDS,
    *OPEN,
    *INTERNAL,
    *AUTH,
    *ABSENT,
    *SIGN_ON,
)
