"""What staff see of data that passes by."""

import json
import time

import pytest

from common.staff.masking import MASK, masked_payload, masked_text


class TestMaskedText:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("zoe@example.com", f"z{MASK}@example.com"),
            ("to: zoe.o'neill+x@mail.example.com!", f"to: z{MASK}@mail.example.com!"),
            ("zoë@exämple.com", f"z{MASK}@exämple.com"),
            ("4111 1111 1111 1111", MASK),
            ("amount 1250 EUR", "amount 1250 EUR"),
            ("01900000-0000-7000-8000-00000000a11c", "01900000-0000-7000-8000-00000000a11c"),
        ],
    )
    def test_hides_addresses_and_card_numbers_only(self, text, shown):
        assert masked_text(text) == shown

    def test_is_quick_with_anything(self):
        began = time.monotonic()

        masked_text("a" * 100_000 + "@" + "1 " * 100_000)

        assert time.monotonic() - began < 2


class TestMaskedPayload:
    def test_keeps_the_shape_of_what_it_hides(self):
        raw = json.dumps(
            {
                "amount": 250,
                "description": "soup",
                "metadata": {"order": "7"},
                "parties": [{"email": "zoe@example.com"}],
                "reference": None,
            }
        ).encode()

        assert json.loads(masked_payload(raw)) == {
            "amount": 250,
            "description": f"{MASK} (4 characters)",
            "metadata": {"order": f"{MASK} (1 characters)"},
            "parties": [{"email": f"{MASK} (15 characters)"}],
            "reference": None,
        }

    def test_hides_addresses_in_what_is_no_json(self):
        assert masked_payload(b"{zoe@example.com") == "{" + f"z{MASK}@example.com"

    def test_is_bounded(self):
        assert masked_payload(b"x" * 20_000).endswith("… 11808 more bytes")
        assert masked_payload(None) is None
