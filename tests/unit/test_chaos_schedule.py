from collections import Counter

from tests.chaos.schedule import KILLS_PER_OTHER, plan

PROCESSES = ["gateway", "users-web", "users-consumer", "kafka", "postgres-users"]
LINKS = ["gateway", "kafka-users", "postgres-users"]


def kills_of(planned):
    return [fault.target for fault in planned if fault.kind == "kill"]


class TestPlan:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self):
        plans = [plan(seed=seed, kills=20, processes=PROCESSES, links=LINKS) for seed in (1, 1, 2)]

        assert plans[0] == plans[1] != plans[2]

    def test_kills_every_process_before_any_of_them_again(self):
        killed = kills_of(plan(seed=3, kills=12, processes=PROCESSES, links=LINKS))

        assert len(killed) == 12
        assert sorted(killed[:5]) == sorted(killed[5:10]) == sorted(PROCESSES)

    def test_puts_every_other_kind_of_fault_between_kills_in_a_long_run(self):
        planned = plan(seed=4, kills=200, processes=PROCESSES, links=LINKS)

        kinds = Counter(fault.kind for fault in planned)
        others = {"pause", "restart", "kill worker", "kill backend"}
        links = {"reset", "drop", "blackhole", "half_open", "delay", "throttle", "corrupt"}
        assert kinds.keys() == {"kill"} | others | links
        assert sum(kinds.values()) == 200 + 200 // KILLS_PER_OTHER

    def test_damages_bytes_on_the_way_to_kafka_only(self):
        planned = plan(seed=5, kills=400, processes=PROCESSES, links=LINKS)

        damaged = {fault.target for fault in planned if fault.kind == "corrupt"}
        assert damaged == {"link kafka-users"}
