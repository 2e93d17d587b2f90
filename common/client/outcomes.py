"""Waits for what the ledger decides."""

import itertools
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from common.client.caller import Caller
from common.client.errors import NoAnswer, ServiceUnavailable, StillPending
from common.client.events import MEDIA_TYPE, data_of_events
from common.client.reading import read_text
from common.client.representations import Command, Transaction
from common.client.retrying import Deadline
from common.client.transport import Call

FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.5
GROWTH = 1.5

Asked = TypeVar("Asked", Transaction, Command)


def outcome_polled(asked: Asked, *, look: Callable[[float], Asked], within_s: float) -> Asked:
    """
    Look, less and less often, until there is an outcome; `look` is told how long it may take.

    Raises:
        StillPending: there was none in time.
    """
    deadline, pause_s = Deadline(within_s), FIRST_PAUSE_S
    while not asked.is_decided:
        if not (left_s := deadline.left_s):
            raise StillPending(asked, within_s)
        time.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * GROWTH, LONGEST_PAUSE_S)
        try:
            asked = look(max(deadline.left_s, FIRST_PAUSE_S))
        except (NoAnswer, ServiceUnavailable) as error:
            raise StillPending(asked, within_s) from error
    return asked


def outcome_streamed(caller: Caller, asked: Transaction, *, within_s: float) -> Transaction:
    """
    Listen until there is an outcome; return the newest that was told, which may be pending.

    The server may have no stream, or none to spare, and a connection may break: whoever has a
    pending transaction then has to look.
    """
    headers = {**caller.credentials, "Accept": MEDIA_TYPE}
    call = Call("GET", f"/transactions/{asked.id}/events", headers=headers, waits_s=within_s)
    deadline = Deadline(within_s)
    try:
        with caller.transport.stream(call, left_s=within_s) as answer:
            if answer.status_code != HTTPStatus.OK:
                return asked
            lines = itertools.takewhile(lambda _: deadline.left_s > 0, answer.iter_lines())
            for data in data_of_events(lines):
                asked = read_text(data, Transaction)
                if asked.is_decided:
                    break
    except NoAnswer:
        return asked
    return asked
