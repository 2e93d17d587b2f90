"""Dead letters: look at them, try them again, give them up, and let the consumer go on."""

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.module_loading import import_string

from common.db.timeouts import timeouts_use
from common.errors import Refused
from common.inbox.bulk import Act, resolve_each
from common.inbox.conduct import Conduct
from common.inbox.discard import dead_letter_discard
from common.inbox.letter_views import LIST_COLUMNS, letter_details, letter_summary, list_row
from common.inbox.management.letter_arguments import (
    arguments_add,
    chosen,
    selection_of,
)
from common.inbox.progress import resolve_progress, table_print
from common.inbox.releasing import consumer_resume, stream_unfork
from common.inbox.replay import dead_letter_replay
from common.inbox.resolving import Resolution
from common.inbox.selection import BEHIND_MANY, letters_of, letters_select, with_behind
from common.inbox.wiring import Wiring
from common.staff_arguments import actor_of, reason_of

_LIST_MAX = 100


class Command(BaseCommand):
    help = "List, show, replay and discard dead letters; resume a consumer; unfork a stream."

    def add_arguments(self, parser: CommandParser) -> None:
        arguments_add(parser)

    def handle(self, *, verb: str, **options: Any) -> None:
        timeouts_use("command")
        wiring: Wiring = import_string(settings.EVENT_WIRING)
        try:
            getattr(self, f"do_{verb}")(wiring, options)
        except Refused as refusal:
            raise CommandError(refusal.detail) from refusal

    def do_list(self, wiring: Wiring, options: dict[str, Any]) -> None:
        """Show dead letters with how many events wait behind each."""
        state = "" if options["state"] == "all" else options["state"]
        selection = selection_of(options, state=state, limit=options["limit"] or _LIST_MAX)
        at = timezone.now()
        rows = letters_select(consumer=wiring.consumer, selection=selection, annotate=with_behind)
        found = [letter_summary(row, at=at) for row in rows]
        if options["json"]:
            self._json({"dead_letters": found})
            return
        table_print(self.stdout, LIST_COLUMNS, [list_row(letter) for letter in found])
        for letter in found:
            if letter["behind"] > BEHIND_MANY:
                self.stderr.write(f"over {BEHIND_MANY} events wait behind {letter['id']}")
        if len(found) == selection.limit:
            self.stderr.write(f"there may be more than these {selection.limit}: see --limit")

    def do_show(self, wiring: Wiring, options: dict[str, Any]) -> None:
        """Show everything of one dead letter, and what was done about it."""
        row = with_behind(letters_of(consumer=wiring.consumer).filter(pk=options["id"])).first()
        if row is None:
            raise CommandError(f"there is no dead letter {options['id']}")
        details = letter_details(row, at=timezone.now())
        if options["json"]:
            self._json(details)
            return
        for name, value in details.items():
            lines = [json.dumps(one) for one in value] if isinstance(value, list) else [value]
            for line in lines:
                self.stdout.write(f"{name}: {line}")

    def do_replay(self, wiring: Wiring, options: dict[str, Any]) -> None:
        """Try the chosen letters again."""
        actor, reason = actor_of(options), options["reason"].strip() or "no reason was given"

        def act(letter_id: int, conduct: Conduct) -> Resolution:
            return dead_letter_replay(
                wiring=wiring,
                letter_id=letter_id,
                actor=actor,
                reason=reason,
                force=options["force"],
                conduct=conduct,
            )

        self._each(wiring, options, act)

    def do_discard(self, wiring: Wiring, options: dict[str, Any]) -> None:
        """Give the chosen letters up."""
        actor, reason = actor_of(options), reason_of(options)

        def act(letter_id: int, conduct: Conduct) -> Resolution:
            return dead_letter_discard(
                wiring=wiring,
                letter_id=letter_id,
                actor=actor,
                reason=reason,
                rubbish=options["rubbish"],
                conduct=conduct,
            )

        self._each(wiring, options, act)

    def do_resume(self, wiring: Wiring, options: dict[str, Any]) -> None:
        """Let a halted consumer go on."""
        halted_for = consumer_resume(
            wiring=wiring,
            actor=actor_of(options),
            reason=reason_of(options),
            let_through=options["let_through"],
        )
        self._done(options, result="resumed", outcome=f"{wiring.consumer} had: {halted_for}")

    def do_unfork(self, wiring: Wiring, options: dict[str, Any]) -> None:
        """Let a forked stream go on."""
        stream_unfork(
            wiring=wiring,
            stream=options["stream"],
            actor=actor_of(options),
            reason=reason_of(options),
        )
        self._done(options, result="unforked", outcome=f"{options['stream']} goes on")

    def _each(self, wiring: Wiring, options: dict[str, Any], act: Act) -> None:
        rows = letters_select(consumer=wiring.consumer, selection=chosen(options))
        letter_ids = _all_named(options["ids"], list(rows.values_list("id", flat=True)))
        with resolve_progress(len(letter_ids)) as on_each:
            found = resolve_each(letter_ids, act, dry_run=options["dry_run"], on_each=on_each)
        self._report(options, found)
        failed = sum(resolution.failed for resolution in found)
        if failed:
            raise CommandError(f"{failed} of {len(found)} were not resolved")

    def _report(self, options: dict[str, Any], found: Sequence[Resolution]) -> None:
        if options["json"]:
            members = [resolution._asdict() for resolution in found]
            self._json({"dry_run": options["dry_run"], "resolutions": members})
            return
        for resolution in found:
            self.stdout.write(f"{resolution.letter_id}: {resolution.result}: {resolution.outcome}")
        tried = "would have been tried" if options["dry_run"] else "tried"
        self.stdout.write(f"{len(found)} {tried}")

    def _done(self, options: dict[str, Any], *, result: str, outcome: str) -> None:
        if options["json"]:
            self._json({"result": result, "outcome": outcome})
        else:
            self.stdout.write(f"{result}: {outcome}")

    def _json(self, document: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(document))


def _all_named(named: Sequence[int], found: list[int]) -> list[int]:
    """The letters to resolve: also named ones that are not there, to say so."""
    return [*found, *(letter_id for letter_id in named if letter_id not in set(found))]
