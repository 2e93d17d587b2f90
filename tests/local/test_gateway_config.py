import copy
from dataclasses import replace

import pytest
import yaml

from compose.local import gateway


@pytest.fixture
def template():
    return yaml.safe_load(gateway.TEMPLATE.read_text())


def endpoints(config):
    return {
        cluster["name"]: [
            endpoint["endpoint"]["address"]["socket_address"]
            for group in cluster["load_assignment"]["endpoints"]
            for endpoint in group["lb_endpoints"]
        ]
        for cluster in config["static_resources"]["clusters"]
    }


class TestRender:
    def test_moves_listener_and_admin_to_the_stacks_ports(self, template, imagined):
        config = gateway.render(template, replace(imagined, gateway_address="192.0.2.7"))

        (listener,) = config["static_resources"]["listeners"]
        assert listener["address"]["socket_address"] == {"address": "192.0.2.7", "port_value": 4500}
        assert config["admin"]["address"]["socket_address"] == {
            "address": "127.0.0.1",
            "port_value": 10401,
        }

    def test_points_clusters_at_every_replica_on_this_machine(self, template, imagined):
        config = gateway.render(template, replace(imagined, replicas=2))

        found = endpoints(config)
        assert [each["port_value"] for each in found["users"]] == [4501, 4511]
        assert [each["port_value"] for each in found["transactions"]] == [4502, 4512]
        assert {each["address"] for group in found.values() for each in group} == {"127.0.0.1"}
        assert {each["type"] for each in config["static_resources"]["clusters"]} == {"STATIC"}

    def test_changes_nothing_else(self, template, imagined):
        before = copy.deepcopy(template)

        config = gateway.render(template, imagined)

        (filters_before,) = before["static_resources"]["listeners"]
        (filters_after,) = config["static_resources"]["listeners"]
        assert filters_after["filter_chains"] == filters_before["filter_chains"]
        assert config["overload_manager"] == before["overload_manager"]


def test_writing_tells_whether_the_gateway_has_to_start_again(made):
    assert gateway.write_config(made)
    assert not gateway.write_config(made)
