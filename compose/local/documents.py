"""
Write what the code says of the API: docs/openapi, errors.md, api.http and the Postman file.

`python -m compose.local.documents --check` compares instead, and shows the differences.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import unified_diff
from pathlib import Path
from typing import Any

from common.api_documents.description import Document, operations
from common.api_documents.error_page import error_page
from common.api_documents.http_file import http_file
from common.api_documents.postman import postman_collection
from compose.local import credentials, manage
from compose.local.environment import inherited
from compose.local.stack import ROOT, SERVICES, Stack, stack_from

DESCRIPTIONS = Path("docs/openapi")


def documents_build() -> dict[Path, str]:
    """Build every document, by its path below the root."""
    with tempfile.TemporaryDirectory() as folder:
        variables = inherited(stack_from(os.environ))
        pretended = Stack(local_dir=Path(folder), variables=variables)
        credentials.load(pretended)  # makes a file, which two threads at once cannot
        with ThreadPoolExecutor(len(SERVICES)) as pool:
            described = list(pool.map(lambda service: _described(pretended, service), SERVICES))
    documents = dict(zip(SERVICES, described, strict=True))
    found = operations(documents)
    return {
        **{DESCRIPTIONS / f"{name}.json": _json(one) for name, one in documents.items()},
        Path("docs/errors.md"): error_page(documents, found),
        Path("docs/api.http"): http_file(found),
        Path("docs/notion-api.postman_collection.json"): _json(postman_collection(found)),
    }


def write() -> list[Path]:
    """Write what differs, and return its paths."""
    changed = []
    for path, content in documents_build().items():
        if _committed(path) != content:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(content)
            changed.append(path)
    return changed


def differences() -> Iterator[str]:
    """Say as a diff where the documents are not what the code gives; empty when they are."""
    for path, content in documents_build().items():
        if (committed := _committed(path)) != content:
            yield from unified_diff(
                committed.splitlines(),
                content.splitlines(),
                f"{path} as it is",
                f"{path} as the code gives it",
                lineterm="",
            )


def _described(stack: Stack, service: str) -> Document:
    options = ("--format", "openapi-json", "--validate", "--fail-on-warn")
    described: Document = json.loads(manage.run(stack, service, "spectacular", *options))
    return described


def _committed(path: Path) -> str:
    file = ROOT / path
    return file.read_text() if file.exists() else ""


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; with `--check` the exit code is 1 when a document is out of date."""
    parser = argparse.ArgumentParser(prog="./manage_all.sh documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, show differences")
    if not parser.parse_args(arguments).check:
        sys.stdout.writelines(f"wrote {path}\n" for path in write())
        return 0
    if not (lines := list(differences())):
        return 0
    sys.stdout.writelines(f"{line}\n" for line in lines[:400])
    sys.stdout.write("\nRun `./manage_all.sh documents` and commit what it writes.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
