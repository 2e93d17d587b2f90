"""Everything that is checked without running the system, side by side; only failures are shown."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table
from rich.text import Text

from compose.local.environment import inherited, service_environment
from compose.local.stack import ROOT, SERVICES, Stack
from compose.local.terminal import progress, results

PYTHON = sys.executable
SETTINGS_LINE = "django_settings_module"
SHELL_SCRIPTS = ("manage_all.sh", ".ci/run")


@dataclass(frozen=True)
class Check:
    """A program that ends with 0 when all is well."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """What a check said, and how long it took."""

    check: Check
    passed: bool
    output: str
    seconds: float


def run(stack: Stack) -> int:
    """Run every check, show what failed, and return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        pretended = Stack(local_dir=Path(folder), variables=inherited(stack))
        checks = [*_types(pretended), *_of_services(pretended), *_plain(pretended)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            verdicts = list(pool.map(_carry_out, checks))
    for verdict in verdicts:
        if not verdict.passed:
            progress.rule(verdict.check.name)
            results.print(Text.from_ansi(verdict.output), soft_wrap=True)
    results.print(_table(verdicts))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _plain(stack: Stack) -> list[Check]:
    """Return the checks that need no Django."""
    modules = {
        "format": ("ruff", "format", "--check", "."),
        "rules": ("ruff", "check", "."),
        "compose file": (
            *("check_jsonschema", "--builtin-schema", "vendor.compose-spec"),
            "compose/compose.yaml",
        ),
        "requirements": ("compose.local.lint_requirements",),
        "event documents": ("common.events.schemas", "--check"),
        "event compatibility": ("common.events.gate",),
        "API documents": ("compose.local.documents", "--check"),
    }
    environment = inherited(stack)
    checks = [Check(name, (PYTHON, "-m", *words), environment) for name, words in modules.items()]
    contracts = (str(Path(sys.prefix) / "bin" / "lint-imports"), "--no-cache")
    checks.append(Check("import contracts", contracts, environment))
    return [*checks, *(Check(name, ("bash", "-n", name), environment) for name in SHELL_SCRIPTS)]


def _types(stack: Stack) -> list[Check]:
    """
    Check types once for each service.

    mypy's plugin asks Django for the models, and a service's models exist under its own settings
    only; so the settings module comes from the environment instead of pyproject.toml. What both
    services share is reported once, with users.
    """
    config = stack.local_dir / "mypy.toml"
    lines = (ROOT / "pyproject.toml").read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith(SETTINGS_LINE)))
    shared = ("-p", "common", "-p", "compose", "-p", "users")
    return [
        _types_of(stack, "users", config, *shared),
        _types_of(stack, "transactions", config, "--follow-imports=silent", "-p", "transactions"),
    ]


def _types_of(stack: Stack, service: str, config: Path, *options: str) -> Check:
    environment = inherited(stack) | service_environment(stack, service)
    environment["DJANGO_SETTINGS_MODULE"] = f"{service}.settings.test"
    where = ("--config-file", str(config), "--cache-dir", f".mypy_cache/{service}")
    return Check(f"{service}: types", (PYTHON, "-m", "mypy", *where, *options), environment)


def _of_services(stack: Stack) -> list[Check]:
    """Return what each service says of itself, under the settings that will count."""
    return [
        check
        for service in SERVICES
        for check in (
            _managed(stack, service, "migrations", "makemigrations", "--check", "--dry-run"),
            _managed(stack, service, "deployment", "check", "--deploy", "--fail-level", "WARNING"),
        )
    ]


def _managed(stack: Stack, service: str, name: str, *arguments: str) -> Check:
    environment = inherited(stack) | service_environment(stack, service)
    environment |= {
        "DJANGO_SETTINGS_MODULE": f"{service}.settings.production",
        # Django warns when it cannot ask the database which migrations were applied; none runs.
        "PYTHONWARNINGS": "ignore::RuntimeWarning",
    }
    return Check(f"{service}: {name}", (PYTHON, f"{service}/manage.py", *arguments), environment)


def _carry_out(check: Check) -> Verdict:
    began = time.monotonic()
    result = subprocess.run(
        check.command,
        cwd=ROOT,
        env=dict(check.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Verdict(check, result.returncode == 0, result.stdout, time.monotonic() - began)


def _table(verdicts: list[Verdict]) -> Table:
    table = Table("check", "result", box=None, pad_edge=False)
    table.add_column("seconds", justify="right")
    for verdict in verdicts:
        result = "[green]passed[/]" if verdict.passed else "[red]failed[/]"
        table.add_row(verdict.check.name, result, f"{verdict.seconds:.1f}")
    return table
