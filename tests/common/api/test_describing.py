"""The description of the API, which is made once for everybody."""

import pytest
from django.urls import reverse

from common.api import describing


@pytest.fixture
def described_anew():
    describing._description.cache_clear()
    yield
    describing._description.cache_clear()


@pytest.mark.usefixtures("described_anew")
class TestDescription:
    def test_is_the_same_whoever_asks_first(self, client):
        first = client.get(reverse("schema"), {"lang": "de", "format": "json"})
        again = client.get(reverse("schema"), {"format": "json"})

        describing._description.cache_clear()
        alone = client.get(reverse("schema"), {"format": "json"})

        assert first.content == again.content == alone.content

    def test_is_made_once(self, client):
        for kind in ("json", "yaml", "json"):
            assert client.get(reverse("schema"), {"format": kind}).status_code == 200

        assert describing._description.cache_info().misses == 1
