import re

import pytest
import yaml

from compose.local.stack import ROOT

FOLDER = ROOT / "compose"
TEXT = (FOLDER / "compose.yaml").read_text()
FILE = yaml.safe_load(TEXT)
OURS = {name for name, service in FILE["services"].items() if "build" in service}


def test_every_secret_is_asked_for_in_the_example():
    asked = set(re.findall(r"^([A-Z_]+)=$", (FOLDER / "example.env").read_text(), re.MULTILINE))

    assert set(re.findall(r"\$\{([A-Z_]+)", TEXT)) == asked


def test_no_password_has_a_default():
    defaults = re.findall(r"\$\{[A-Z_]+:-([^}]*)\}", TEXT)

    assert set(defaults) == {""}  # the demo accounts, which only the profile `tools` makes


def test_both_ways_to_run_have_the_same_processes():
    local = {
        *("gateway", "users-web", "users-consumer", "users-celery", "kafka", "postgres-users"),
        *("transactions-web", "transactions-consumer", "transactions-celery"),
        "postgres-transactions",
    }

    assert local <= set(FILE["services"])


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_can_write_nothing_but_their_own_files(name):
    service = FILE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "USER app" in (FOLDER / "Dockerfile").read_text()


@pytest.mark.parametrize("name", sorted(FILE["services"]))
def test_nothing_is_offered_beyond_this_machine(name):
    ports = FILE["services"][name].get("ports", [])

    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", sorted(FILE["services"]))
def test_images_are_pinned(name):
    image = FILE["services"][name]["image"]

    assert re.search(r":v?\d|:local$", image), image
