"""The description of the API, which is made once for everybody."""

import json

import pytest
from django.urls import reverse

from common.api import describing


def forget():
    describing._description.cache_clear()
    describing._written.cache_clear()


@pytest.fixture
def described_anew():
    forget()
    yield
    forget()


@pytest.mark.usefixtures("described_anew")
class TestDescription:
    def test_is_the_same_whoever_asks_first(self, client):
        first = client.get(reverse("schema"), {"lang": "de", "format": "json"})
        again = client.get(reverse("schema"), {"format": "json"})

        forget()
        alone = client.get(reverse("schema"), {"format": "json"})

        assert first.content == again.content == alone.content

    def test_is_made_once_and_written_once_in_each_form(self, client):
        for kind in ("json", "yaml", "json", "yaml"):
            asked = {"Accept": f"application/{kind}"}
            assert client.get(reverse("schema"), headers=asked).status_code == 200

        assert describing._description.cache_info().misses == 1
        assert describing._written.cache_info().misses == 2

    def test_is_written_for_each_as_it_asked(self, client):
        asked = ["application/json", "application/json; indent=2", "application/yaml"]
        answers = [client.get(reverse("schema"), headers={"Accept": each}) for each in asked]

        wide, narrow, yaml = (answer.content for answer in answers)
        assert json.loads(wide) == json.loads(narrow)
        assert len(narrow) < len(wide)
        assert yaml.startswith(b"openapi:")
