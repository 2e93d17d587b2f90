"""
Records that are no events of ours, kind by kind, and a generator of many more.

The same records go through the broker's twin and through Kafka.
"""

import json
import random
from collections.abc import Callable, Iterator

from common.ids import uuid7
from tests.common.inbox.poison_headers import NEEDED, headers, keys
from tests.common.inbox.poison_members import members
from tests.common.inbox.poison_record import (
    Kind,
    Raw,
    good_record,
    request_record,
    with_document,
    with_header,
)
from tests.common.inbox.poison_values import cut_short, texts, values


def kinds() -> list[Kind]:
    """Every kind, each under a name of its own."""
    return [*values(), *cut_short(), *members(), *texts(), *headers(), *keys()]


def broken_records(*, seed: int) -> Iterator[Raw]:
    """Every kind once, each in a stream of its own; after them, generated ones for ever."""
    for kind in kinds():
        yield kind.make(request_record(uuid7()))
    chance = random.Random(seed)  # noqa: S311  repeatable, not secret
    while True:
        yield chance.choice(_DAMAGES)(good_record(uuid7(), 1), chance)


def _flip(raw: Raw, chance: random.Random) -> Raw:
    """Some bytes are others."""
    value = bytearray(raw.value)
    for _ in range(chance.randint(1, 8)):
        value[chance.randrange(len(value))] = chance.randrange(256)
    return raw._replace(value=bytes(value))


def _shorten(raw: Raw, chance: random.Random) -> Raw:
    return raw._replace(value=raw.value[: chance.randrange(len(raw.value))])


def _noise(raw: Raw, chance: random.Random) -> Raw:
    return raw._replace(value=chance.randbytes(chance.randint(1, 300)))


def _insert(raw: Raw, chance: random.Random) -> Raw:
    at = chance.randrange(len(raw.value))
    piece = chance.randbytes(chance.randint(1, 20))
    return raw._replace(value=raw.value[:at] + piece + raw.value[at:])


def _drop_header(raw: Raw, chance: random.Random) -> Raw:
    return with_header(raw, chance.choice(NEEDED))


def _spoil_header(raw: Raw, chance: random.Random) -> Raw:
    return with_header(raw, chance.choice(NEEDED), chance.randbytes(chance.randint(1, 40)))


def _other_document(raw: Raw, chance: random.Random) -> Raw:
    return raw._replace(value=json.dumps(_tree(chance, 4)).encode())


def _other_member(raw: Raw, chance: random.Random) -> Raw:
    member = chance.choice(["user_id", "status", "registered_at"])
    return with_document(raw, {member: _tree(chance, 2)})


def _tree(chance: random.Random, depth: int):
    leaves = [None, True, False, 0, -1, 2**70, 1.5, "", "text", "\ud800", "\u0000", "\u202e"]
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(leaves)
    inner = [_tree(chance, depth - 1) for _ in range(chance.randint(0, 4))]
    return inner if chance.random() < 0.5 else {str(n): item for n, item in enumerate(inner)}


_DAMAGES: list[Callable[[Raw, random.Random], Raw]] = [
    *(_flip, _shorten, _noise, _insert, _drop_header, _spoil_header, _other_document, _other_member)
]
