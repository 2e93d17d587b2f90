"""
Write what the contracts say as documents: JSON Schemas, AsyncAPI and the examples in it.

`python -m common.events.schemas` writes them, `--check` compares them with what is there.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

from common.events.asyncapi import asyncapi_document
from common.events.contracts import EVENT_TYPES
from common.events.json_schema import event_schemas

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = Path("docs/events")
VERSIONS = "*.v[0-9]*.json"
_GOLDEN = Path("tests/contracts/golden")
# A deployment has neither docs/ nor tests/, so the page of events reads its examples here.
_EXAMPLES = Path("common/events/examples.json")


def document_bytes(document: Mapping[str, Any]) -> bytes:
    """A document as it is committed and served: the same document always gives the same bytes."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def asyncapi_published() -> dict[str, Any]:
    """The AsyncAPI document with the examples that were committed."""
    return asyncapi_document(json.loads((ROOT / _EXAMPLES).read_bytes()))


def documents_build(root: Path = ROOT) -> dict[Path, bytes]:
    """
    Build every document, by its path below the root.

    Raises `FileNotFoundError` for an event version without a golden file.
    """
    examples = {
        name: json.loads((root / _GOLDEN / f"{name}.json").read_bytes())
        for name in sorted(EVENT_TYPES)
    }
    schemas = {DOCUMENTS / f"{name}.json": schema for name, schema in event_schemas().items()}
    documents = {
        **schemas,
        DOCUMENTS / "asyncapi.json": asyncapi_document(examples),
        _EXAMPLES: examples,
    }
    return {path: document_bytes(document) for path, document in documents.items()}


def documents_write(root: Path = ROOT) -> list[Path]:
    """Write what differs, and return its paths. What the code does not give is left alone."""
    changed = []
    for path, content in documents_build(root).items():
        file = root / path
        if not file.exists() or file.read_bytes() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            changed.append(path)
    return changed


def documents_differ(root: Path = ROOT) -> list[str]:
    """Say as a diff where the documents are not what the code gives; empty when they are."""
    expected = documents_build(root)
    present = [path.relative_to(root) for path in sorted((root / DOCUMENTS).glob("*.json"))]
    lines: list[str] = []
    for path in sorted({*expected, *present}):
        lines += _difference(root, path, expected.get(path, b""))
    return lines


def _difference(root: Path, path: Path, expected: bytes) -> Iterator[str]:
    file = root / path
    committed = file.read_bytes() if file.exists() else b""
    if committed != expected:
        yield from unified_diff(
            committed.decode().splitlines(),
            expected.decode().splitlines(),
            f"{path} as it is",
            f"{path} as the contracts give it",
            lineterm="",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; with `--check` the exit code is 1 when a document is out of date."""
    parser = argparse.ArgumentParser(prog="python -m common.events.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, show differences")
    if not parser.parse_args(arguments).check:
        sys.stdout.writelines(f"wrote {path}\n" for path in documents_write())
        return 0
    if not (lines := documents_differ()):
        return 0
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.write("\nRun `python -m common.events.schemas` and commit what it writes.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
