"""Who may do what in the transactions service: every route, every method, everybody."""

from tests.policy.callers import Rule, callers, everybody, object_of, peer

_INTERNAL = "internal/v1"
_ACCOUNT = "api/v1/accounts/<uuid:account_id>"
_LEDGER = "api/v1/ledger/transactions/<uuid:transaction_id>"
_ANYBODYS_ID = "01980000-0000-7000-8000-000000000000"

BOOKS = (
    Rule("GET", "api/v1/accounts", callers(200)),
    Rule("GET", _ACCOUNT, object_of(owner=200), of="wallet"),
    Rule("GET", f"{_ACCOUNT}/statement", object_of(owner=200), of="wallet"),
    Rule("GET", _ACCOUNT, object_of(), of="system account"),
    Rule("GET", f"{_ACCOUNT}/statement", object_of(), of="system account"),
    Rule("GET", _LEDGER, object_of(owner=200, receiver=200), of="paid"),
    Rule("GET", _LEDGER, object_of(owner=200), of="held"),
    Rule("GET", _LEDGER, object_of(owner=200), of="refused"),
    Rule("GET", _LEDGER, object_of(owner=200, treasury=200), of="deposit"),
    Rule("GET", _LEDGER, object_of(owner=200, receiver=200), of="refund"),
)

OPEN = tuple(
    Rule("GET", pattern, everybody(200))
    for pattern in (
        "transactions/schema",
        "transactions/docs",
        "transactions/docs/redoc",
        "transactions/docs/redoc-script",
        "transactions/schema/events",
        "transactions/docs/events",
        "healthz/live",
        "healthz/ready",
    )
)

INTERNAL = (
    Rule("GET", f"{_INTERNAL}/streams", peer(200)),
    Rule("POST", f"{_INTERNAL}/streams/query", peer(200), body={"ids": [_ANYBODYS_ID]}),
    Rule("GET", f"{_INTERNAL}/decisions", peer(200)),
    Rule("POST", f"{_INTERNAL}/decisions/query", peer(200), body={"ids": [_ANYBODYS_ID]}),
)

RULES: tuple[Rule, ...] = (*BOOKS, *OPEN, *INTERNAL)
