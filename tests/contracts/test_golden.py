"""
Golden bytes of every event version: what was once published can be read for ever.

A golden file is written once, when its version is published, and never changed.
"""

from pathlib import Path

import pytest

from common.events.codec import event_decode, event_encode
from common.events.contracts import EVENT_TYPES

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
class TestGoldenFile:
    def test_is_read_by_todays_consumer_and_written_by_todays_producer(self, event_type):
        raw = (GOLDEN / f"{event_type}.json").read_bytes().rstrip(b"\n")

        event = event_decode(event_type, raw)

        assert isinstance(event, EVENT_TYPES[event_type])
        assert event_encode(event) == raw


def test_there_is_no_golden_file_without_a_reader():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(EVENT_TYPES)
