from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from rest_framework.renderers import JSONRenderer

from common.api.renderers import FastJSONRenderer

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        [],
        "",
        {"at": NOON, "later": NOON + timedelta(microseconds=1), "id": UUID(int=7)},
        {"text": 'quotes " \\ / ünï \u2028\u2029 \x7f \n', "lazy": gettext_lazy("Not found.")},
        {"whole": 2**53 - 1, "true": True, "nothing": None, "nested": [{"a": (1, 2)}]},
    ],
)
def test_says_what_the_general_renderer_says_byte_for_byte(answer):
    assert FastJSONRenderer().render(answer) == JSONRenderer().render(answer)


def test_leaves_what_the_media_type_asks_for_to_the_general_renderer():
    asked = "application/json; indent=2"

    assert b"\n" in FastJSONRenderer().render({"a": 1}, asked)
