from dataclasses import replace

import pytest

from compose.local import kafka, links
from compose.local.environment import process_environment
from compose.local.processes import processes_of
from compose.local.stack import listening_names


@pytest.fixture
def linked(made):
    return replace(made, replicas=3, variables={"CHAOS_LINKS": "1", "EXTRA_PUBLISHERS": "1"})


class TestLinks:
    def test_share_no_port_with_a_process_of_this_or_a_neighbouring_stack(self, linked):
        taken = {linked.port(name) % 100 for name in listening_names(linked)}
        own = [link.port % 100 for link in links.links_of(linked)]

        assert not taken.intersection(own)
        assert len(own) == len(set(own))

    def test_lead_a_service_to_its_stores_but_not_to_another_password(self, linked, made):
        direct = process_environment(made, "users", "users-web")
        led = process_environment(linked, "users", "users-web")

        port = str(linked.port("postgres-users"))
        through = str(links.link_port(linked, "postgres-users"))
        assert led["USERS_DATABASE_URL"] == direct["USERS_DATABASE_URL"].replace(port, through)
        assert led["KAFKA_BOOTSTRAP_SERVERS"].endswith(str(links.link_port(linked, "kafka-users")))

    def test_are_what_kafka_tells_each_service(self, linked):
        found = kafka.properties(linked)["advertised.listeners"]

        for name in ("users", "transactions"):
            port = links.link_port(linked, f"kafka-{name}")
            assert f"{name.upper()}://127.0.0.1:{port}" in found

    def test_exist_in_chaos_stacks_only(self, linked, made):
        assert {p.name for p in processes_of(linked)} - {p.name for p in processes_of(made)} >= {
            "links",
            "users-publisher",
        }
        assert "links" not in {p.name for p in processes_of(made)}
