"""The words that `dead_letters` understands, and which letters they mean."""

from argparse import ArgumentTypeError
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from common.inbox.models import InboxWaiting
from common.inbox.selection import Selection
from common.staff_arguments import staff_arguments_add

_CLASSES = ("poison", "bug", "forked", "contested")
_STATES = ("all", "dead", "waiting", "superseded", "replayed", "discarded")
_CONDITIONS = ("error_class", "type", "stream", "error_contains")


def arguments_add(parser: CommandParser) -> None:
    """Add every verb with its options."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="Show dead letters, in the order of their streams.")
    listing.add_argument("--state", default="dead", choices=_STATES, help="Default: dead.")
    showing = verbs.add_parser("show", help="Show everything of one dead letter.")
    showing.add_argument("id", type=int)
    replaying = verbs.add_parser("replay", help="Try dead letters again.")
    replaying.add_argument("--force", action="store_true", help="However often they failed.")
    discarding = verbs.add_parser("discard", help="Give dead letters up.")
    discarding.add_argument(
        "--rubbish",
        action="store_true",
        help="They are not the real events of their streams, which wait on for those.",
    )
    resuming = verbs.add_parser("resume", help="Let a halted consumer go on.")
    resuming.add_argument(
        "--let-through",
        type=_count,
        default=0,
        metavar="N",
        help="Further letters that each process does not count.",
    )
    unforking = verbs.add_parser("unfork", help="Let a forked stream go on.")
    unforking.add_argument("--stream", type=_uuid, required=True)
    for verb in (replaying, discarding):
        verb.add_argument("--all", action="store_true", help="All that are dead.")
        verb.add_argument(
            "--dry-run", action="store_true", help="Say what would happen, and change nothing."
        )
    for verb in (listing, replaying, discarding):
        _selection_add(verb)
    for verb in (replaying, discarding, resuming, unforking):
        staff_arguments_add(verb)
    for verb in (listing, showing, replaying, discarding, resuming, unforking):
        verb.add_argument("--json", action="store_true", help="Print JSON.")


def selection_of(options: Mapping[str, Any], *, state: str, limit: int | None) -> Selection:
    """The letters that the options mean."""
    conditions = {name: options[name] for name in _CONDITIONS}
    return Selection(ids=options["ids"], state=state, limit=limit, **conditions)


def chosen(options: Mapping[str, Any]) -> Selection:
    """
    The dead letters that a change is about.

    Raises `CommandError` unless some are named: by ids, by a condition, or as `--all`.
    """
    narrowed = options["ids"] or any(options[name] is not None for name in _CONDITIONS)
    if not narrowed and not options["all"]:
        raise CommandError("say which: ids, a condition such as --class bug, or --all")
    # A letter that is named must be looked at even when it is resolved, to say so.
    state = "" if options["ids"] else InboxWaiting.State.DEAD
    return selection_of(options, state=state, limit=options["limit"])


def _selection_add(parser: CommandParser) -> None:
    parser.add_argument("ids", nargs="*", type=int, metavar="ID")
    parser.add_argument("--class", dest="error_class", choices=_CLASSES)
    parser.add_argument("--type", help="The event's type, such as transaction_created.v1.")
    parser.add_argument("--stream", type=_uuid, help="The user's id.")
    parser.add_argument("--error-contains", metavar="TEXT")
    parser.add_argument("--limit", type=_count, metavar="N", help="No more than so many.")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a UUID") from None
