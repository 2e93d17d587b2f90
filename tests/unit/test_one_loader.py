"""Whatever comes from outside is read by `common.strict_json`, and by nothing else."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOADERS = {"loads", "load", "decode", "Decoder", "JSONDecoder"}
MODULES = {"json", "msgspec.json", "simplejson", "orjson"}

OTHERS = {
    "common/strict_json.py": "this is the loader",
    "common/api/token_keys.py": "public keys, from the other service",
    "common/client/problems.py": "answers of the API, in its client",
    "common/client/reading.py": "answers of the API, in its client",
    "common/events/codec.py": "events; what is not byte for byte ours goes through the loader",
    "common/events/gate.py": "schemas of this repository",
    "common/events/schemas.py": "examples and golden files of this repository",
    "common/inbox/records.py": "headers that we encoded",
    "common/internal/client.py": "pages of the other service, into their types",
    "common/outbox/rows.py": "headers that we encoded",
    "transactions/ledger/export_format.py": "lines of an export, into their types",
    "transactions/ledger/kept_seals.py": "lines of an export, into their types",
    "transactions/ledger/stored_journal.py": "what our own database built",
    "users/submissions/ledger_views.py": "pages of the other service, into their types",
}
"""Who else decodes JSON, and why nothing that a client sends can get there."""


def decodes(path: Path) -> bool:
    """Whether a module uses anything that reads JSON."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            return True
        called = isinstance(node, ast.Attribute) and node.attr in LOADERS
        if called and ast.unparse(node.value) in MODULES:
            return True
    return False


def test_nothing_else_reads_json():
    modules = (
        path
        for service in ("common", "users", "transactions")
        for path in (ROOT / service).rglob("*.py")
    )

    found = {str(path.relative_to(ROOT)) for path in modules if decodes(path)}

    assert found == set(OTHERS)
