"""
The verbs and their arguments.

Nothing of the stack is imported before a verb is chosen, so that `--help` works on a machine
where nothing is installed yet.
"""

import argparse
import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any

Options = argparse.Namespace
MANAGED = ("users", "transactions")
QUIET = ("--quiet", "-q")


def main(arguments: Sequence[str]) -> int:
    """Run one verb and return the exit code."""
    parser = _parser()
    own, passed_on = _split(arguments)
    options = parser.parse_args(_quiet_first(own))
    options.passed_on = passed_on
    if options.verb is None:
        parser.print_help()
        return 0
    return _run(options)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split at `--`: what follows belongs to the program a verb starts."""
    words = list(arguments)
    if "--" not in words or words[0] in MANAGED:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _run(options: Options) -> int:
    from compose.local import terminal  # noqa: PLC0415  see the module's docstring
    from compose.local.errors import NotReady, OperatorError  # noqa: PLC0415

    if options.quiet:
        terminal.be_quiet()
    try:
        return int(options.run(options) or 0)
    except NotReady as error:
        terminal.failure_of_process(error)
    except OperatorError as error:
        terminal.failure(str(error))
    except KeyboardInterrupt:
        terminal.failure("interrupted")
        return 130
    return 1


def _quiet_first(words: list[str]) -> list[str]:
    """Accept --quiet before and after the verb, but leave what goes to manage.py alone."""
    if words and words[0] in MANAGED:
        return words
    rest = [word for word in words if word not in QUIET]
    return rest if len(rest) == len(words) else [QUIET[0], *rest]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./manage_all.sh",
        description="Notion API on this machine: PostgreSQL, Kafka, both services and the gateway.",
        epilog="Settings: PORT_OFFSET (0 to 22000), LOCAL_DIR (.local), REPLICAS (1 to 4), "
        "GATEWAY_ADDRESS (127.0.0.1), SERVER, WEB_WORKERS, WEB_THREADS, LOG_FORMAT, "
        "KAFKA_JVM_FLAGS; "
        "outside stores: USERS_DATABASE_URL, TRANSACTIONS_DATABASE_URL, KAFKA_BOOTSTRAP_SERVERS.",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="results and errors only")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    _add_running(verbs)
    _add_looking(verbs)
    _add_services(verbs)
    _add_quality(verbs)
    return parser


def _add(verbs: Any, name: str, run: Callable[[Options], object], text: str) -> Any:
    verb = verbs.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    verb.set_defaults(run=run)
    return verb


def _add_running(verbs: Any) -> None:
    _add(verbs, "up", _up, "bring everything up and wait until it is ready; safe to repeat")
    _add(verbs, "down", _down, "stop everything and check that nothing is left running")
    reset = _add(verbs, "reset", _reset, "stop everything and remove its data and passwords")
    reset.add_argument("--yes", action="store_true", help="really remove the data")
    restart = _add(verbs, "restart", _restart, "restart processes and wait until they are ready")
    restart.add_argument("names", nargs="+", metavar="NAME", help="a process, a service, or all")


def _add_looking(verbs: Any) -> None:
    status = _add(verbs, "status", _status, "show processes and backlogs; fails when unhealthy")
    status.add_argument("--json", action="store_true", help="one JSON document")
    status.add_argument("--fast", action="store_true", help="processes only, without the backlogs")
    logs = _add(verbs, "logs", _logs, "show the end of the logs")
    logs.add_argument("name", nargs="?", metavar="NAME", help="a process; all of them without")
    logs.add_argument("-f", "--follow", action="store_true", help="go on showing what comes")
    _add(verbs, "doctor", _doctor, "check what this machine offers, and say what to do")
    _add(verbs, "demo", _demo, "run the main job on real input and show every step of its road")


def _add_services(verbs: Any) -> None:
    token = _add(verbs, "token", _token, "print an access token of an account (local only)")
    token.add_argument("email", metavar="EMAIL", help="such as alice@example.com")
    for service in MANAGED:
        verb = _add(verbs, service, _manage, f"run manage.py of {service} with its environment")
        verb.add_argument(
            "arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="of manage.py"
        )
        verb.set_defaults(service=service)


def _add_quality(verbs: Any) -> None:
    test = _add(verbs, "test", _test, "run the tests on a stack of their own")
    test.add_argument("part", nargs="*", metavar="PART", help="only these parts; see --list")
    test.add_argument("--keep", action="store_true", help="leave the test stack running")
    test.add_argument("--list", action="store_true", help="list the parts")
    test.epilog = "What follows -- goes to pytest."
    _add(verbs, "lint", _lint, "check format, types, imports, migrations and configuration")
    bench = _add(verbs, "bench", _bench, "measure beside a yardstick, on a stack of its own")
    bench.add_argument(
        "name",
        nargs="*",
        metavar="NAME",
        help="intake, publish, hook, ledger or admin, all of them without a name; or even_times,"
        " which takes 40 minutes and runs by its name only",
    )
    chaos = _add(verbs, "chaos", _chaos, "disturb everything under load and check what is promised")
    _of("chaos_options").add(chaos)
    fuzz = _add(verbs, "fuzz", _fuzz, "send the API whatever its description allows, and does not")
    fuzz.add_argument("service", nargs="?", choices=MANAGED, help="only this one")
    fuzz.add_argument(
        "--cases",
        type=int,
        default=20_000,
        metavar="N",
        help="for each service; 20,000 if not given",
    )
    text = "write docs/openapi, docs/errors.md, docs/api.http and the Postman file from the code"
    documents = _add(verbs, "documents", _documents, text)
    documents.add_argument("--check", action="store_true", help="compare instead of writing")
    text = "compile requirements/*.in to hashed *.txt"
    compiling = _add(verbs, "requirements", _requirements, text)
    compiling.epilog = "What follows -- goes to uv, such as --upgrade-package django."


def _of(module: str) -> Any:
    return importlib.import_module(f"compose.local.{module}")


def _stack() -> Any:
    return _of("stack").stack_from(os.environ)


def _up(_: Options) -> None:
    stack = _stack()
    _of("startup").up(stack)
    _of("welcome").show(stack)


def _down(_: Options) -> None:
    _of("lifecycle").down(_stack())


def _reset(options: Options) -> int:
    stack = _stack()
    if not options.yes:
        _of("terminal").failure(f"this removes all data in {stack.local_dir}; add --yes to do it")
        return 2
    _of("lifecycle").reset(stack)
    return 0


def _restart(options: Options) -> None:
    _of("lifecycle").restart(_stack(), options.names)


def _status(options: Options) -> int:
    return 0 if _of("status").show(_stack(), as_json=options.json, fast=options.fast) else 1


def _logs(options: Options) -> None:
    _of("logs").show(_stack(), options.name, follow=options.follow)


def _doctor(_: Options) -> int:
    return 0 if _of("doctor").examine(_stack()) else 1


def _demo(_: Options) -> int:
    stack = _stack()
    _of("startup").up(stack)
    return 0 if _of("demo").run(stack) else 1


def _token(options: Options) -> None:
    _of("manage").become(_stack(), "users", ["issue_token", options.email])


def _manage(options: Options) -> None:
    _of("manage").become(_stack(), options.service, options.arguments)


def _test(options: Options) -> int:
    testing = _of("testing")
    if options.list:
        return int(testing.list_parts())
    return int(testing.run(_stack(), options.part, options.passed_on, keep=options.keep))


def _lint(_: Options) -> int:
    return int(_of("lint").run(_stack()))


def _bench(options: Options) -> int:
    return int(_of("testing").bench(_stack(), options.name, options.passed_on))


def _chaos(options: Options) -> int:
    return int(_of("chaos").run(_stack(), options))


def _fuzz(options: Options) -> int:
    return int(_of("fuzz").run(_stack(), options.service, options.cases, options.passed_on))


def _documents(options: Options) -> int:
    return int(_of("documents").main(["--check"] if options.check else []))


def _requirements(options: Options) -> None:
    _of("requirements").compile_all(options.passed_on)
