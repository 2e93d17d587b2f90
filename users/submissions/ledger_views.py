"""Where the ledger's decisions come from: asked of the other service, or read from its export."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar
from uuid import UUID

import msgspec

from common.internal.client import peer_ask, peer_pages
from common.internal.contracts import (
    Decision,
    DecisionPage,
    ExportHeader,
    Standing,
    StandingPage,
)
from users.submissions.effects import Pair
from users.submissions.proof import Bounds

Line = TypeVar("Line", ExportHeader, Decision)


class FileUnusable(Exception):
    """The file is not one that `export_decisions` wrote, or not a whole one."""


class LedgerApi:
    """The other service's internal API. Its methods raise `PeerAway`."""

    def as_of(self) -> datetime:
        return datetime.now(UTC)

    def decisions(self, bounds: Bounds) -> Iterator[Decision]:
        for page in peer_pages("decisions", DecisionPage, **bounds._asdict()):
            yield from page.data

    def again(self, pairs: Sequence[Pair]) -> Mapping[UUID, Decision]:
        page = peer_ask("decisions", [pair.id for pair in pairs], DecisionPage)
        return {one.id: one for one in page.data}

    def held(self, streams: Sequence[UUID]) -> set[UUID]:
        found: list[Standing] = peer_ask("streams", streams, StandingPage).data if streams else []
        return {one.stream for one in found if one.held}


class LedgerFile:
    """A file of `export_decisions`; its methods raise `FileUnusable`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as lines:
            self._header = _decode(next(lines, b""), ExportHeader, line=1)

    def as_of(self) -> datetime:
        return self._header.exported_at

    def decisions(self, bounds: Bounds) -> Iterator[Decision]:
        last: UUID | None = None
        with self._open() as lines:
            next(lines)
            for number, line in enumerate(lines, start=2):
                one = _decode(line, Decision, line=number)
                if last is not None and one.id <= last:
                    raise FileUnusable(f"line {number}: the ids do not ascend")
                last = one.id
                if bounds.after is not None and one.id <= bounds.after:
                    continue
                if bounds.until is not None and one.id >= bounds.until:
                    return
                yield one

    def again(self, pairs: Sequence[Pair]) -> Mapping[UUID, Decision]:
        return {pair.id: pair.decision for pair in pairs if pair.decision is not None}

    def held(self, streams: Sequence[UUID]) -> set[UUID]:
        return set(self._header.held).intersection(streams)

    def _open(self) -> IO[bytes]:
        try:
            return self._path.open("rb")
        except OSError as error:
            raise FileUnusable(f"{self._path}: {error.strerror}") from error


def _decode(text: bytes, kind: type[Line], *, line: int) -> Line:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise FileUnusable(f"line {line}: {error}") from error
