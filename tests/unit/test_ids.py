import threading
import time

from common.ids import uuid7, uuid7_many


class TestUuid7:
    def test_is_a_version_7_uuid_of_now(self):
        before = time.time_ns() // 1_000_000

        made = uuid7()

        assert made.version == 7
        assert made.variant == "specified in RFC 4122"
        assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1

    def test_ascends_strictly_within_a_process(self):
        made = [uuid7() for _ in range(20_000)]

        assert made == sorted(set(made))

    def test_ascends_strictly_when_many_are_made_at_once(self):
        made = [uuid7(), *uuid7_many(10_000), uuid7()]

        assert made == sorted(set(made))
        assert len({one.int & (1 << 62) - 1 for one in made}) == len(made)

    def test_never_repeats_over_threads(self):
        made: list[list[object]] = [[] for _ in range(4)]
        barrier = threading.Barrier(4)

        def make(mine):
            barrier.wait()
            mine.extend(uuid7() for _ in range(5_000))

        threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len({one for mine in made for one in mine}) == 20_000
