import logging

import pytest

from common.logs import RepeatFilter


def record(message):
    return logging.LogRecord("kafka", logging.WARNING, __file__, 1, message, None, None)


class TestRepeatFilter:
    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch):
        now = [100.0]
        monkeypatch.setattr("common.logs.time.monotonic", lambda: now[0])
        return now

    def test_lets_a_message_pass_once_in_a_while(self, clock):
        repeats = RepeatFilter(every_s=30)

        passed = []
        for now in (100.0, 100.1, 129.9, 130.0, 131.0):
            clock[0] = now
            passed.append(repeats.filter(record("broker 127.0.0.1:9092 is down")))

        assert passed == [True, False, False, True, False]

    def test_knows_a_message_again_by_its_words(self):
        repeats = RepeatFilter(every_s=30)

        assert repeats.filter(record("failed after 12 ms"))
        assert not repeats.filter(record("failed after 7 ms"))
        assert repeats.filter(record("connected after 7 ms"))

    def test_does_not_remember_for_ever(self):
        repeats = RepeatFilter(every_s=30)
        for number in range(5000):
            name = "".join(chr(ord("a") + int(digit)) for digit in str(number))
            assert repeats.filter(record(f"message {name}"))

        assert len(repeats._passed_at) <= 1000
