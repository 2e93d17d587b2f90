"""Where the seals that users kept come from: asked of users, or read from its export."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from common.internal.client import peer_pages
from common.internal.contracts import KeptSealPage, KeptSealTold
from transactions.ledger.chain import Seal
from transactions.ledger.errors import KeptSealsUnusable


def kept_seals_of_peer(*, first: int = 1, url: str | None = None) -> Iterator[Seal]:
    """
    The kept seals from a number on, by number; `url` overrides the settings.

    Raises `PeerAway` while being read.
    """
    for page in peer_pages("kept-seals", KeptSealPage, after=first - 1, url=url):
        for told in page.data:
            yield _seal(told)


def kept_seals_of_file(path: Path) -> Iterator[Seal]:
    """
    The seals of a file of `export_kept_seals`.

    Raises `KeptSealsUnusable` while being read: it is no such file, or not in order.
    """
    try:
        with path.open("rb") as lines:
            last = 0
            for number, line in enumerate(lines, start=1):
                seal = _of_line(line, number)
                if seal.number <= last:
                    raise KeptSealsUnusable(f"{path}, line {number}: the numbers do not ascend")
                last = seal.number
                yield seal
    except OSError as error:
        raise KeptSealsUnusable(f"{path}: {error.strerror}") from error


def _of_line(line: bytes, number: int) -> Seal:
    try:
        return _seal(msgspec.json.decode(line, type=KeptSealTold))
    except (msgspec.MsgspecError, ValueError) as error:
        raise KeptSealsUnusable(f"line {number}: {error}") from error


def _seal(told: KeptSealTold) -> Seal:
    return Seal(
        number=told.number,
        previous=bytes.fromhex(told.previous),
        entries=told.entries,
        last_sequence=told.last_sequence,
        sealed_at=told.sealed_at,
        digest=bytes.fromhex(told.digest),
    )
