from datetime import UTC, datetime, timedelta, timezone

import pytest

from common.adminkit import (
    NOTHING,
    PAYLOAD_SHOWN_MAX,
    amount_shown,
    duration_shown,
    id_shown,
    payload_shown,
    text_visible,
    time_shown,
)

SCRIPT = "<script>alert(1)</script>"


class TestPayloadShown:
    @pytest.mark.parametrize(
        "payload",
        [SCRIPT, SCRIPT.encode(), {"a": SCRIPT}, {SCRIPT: 1}, [SCRIPT], f'{{"a": "{SCRIPT}"}}',
         memoryview(SCRIPT.encode())],
    )  # fmt: skip
    def test_escapes_markup_wherever_it_stands(self, payload):
        shown = payload_shown(payload)

        assert "<script" not in shown
        assert "&lt;script&gt;" in shown
        assert shown.count("<") == 2  # the element around it

    def test_does_not_read_braces_as_places_to_fill(self):
        assert "{0} {} %s" in payload_shown("{0} {} %s")

    def test_lays_json_out(self):
        assert '{\n  "a": [' in payload_shown(b'{"a":[1]}').replace("&quot;", '"')

    @pytest.mark.parametrize("raw", ['{"a":1,"a":2}', '{"a":1e999}', "[" * 5000, '{"a":', "NaN"])
    def test_shows_what_is_not_strict_json_as_it_came(self, raw):
        assert raw in payload_shown(raw).replace("&quot;", '"')

    @pytest.mark.parametrize(
        ("payload", "visible"),
        [
            ("a\u202eb", "\\u202e"),
            ("a\u200bb", "\\u200b"),
            ("a\ufeffb", "\\ufeff"),
            ("a\x1b[31mb", "\\u001b"),
            ("a\rb", "\\u000d"),
            ("a\ud800b", "\\ud800"),
            ("a\U000e0001b", "\\U000e0001"),
            (b"a\xffb", "\\xff"),
            ({"a": "b\u2066c"}, "\\u2066"),
        ],
    )
    def test_shows_what_cannot_be_seen(self, payload, visible):
        shown = payload_shown(payload)

        assert visible in shown
        assert shown.encode().isascii()

    def test_keeps_letters_of_every_script(self):
        assert "žluťoučký 漢字 عربى 🙂" in payload_shown("žluťoučký 漢字 عربى 🙂")

    def test_says_how_much_is_left_out(self):
        shown = payload_shown("Q" * (PAYLOAD_SHOWN_MAX + 5))

        assert shown.count("Q") == PAYLOAD_SHOWN_MAX
        assert "5 more characters" in shown

    def test_shows_a_dash_for_nothing(self):
        assert payload_shown(None) == NOTHING


class TestTextVisible:
    def test_keeps_lines_and_tabs(self):
        assert text_visible("a\n\tb") == "a\n\tb"


class TestAmountShown:
    @pytest.mark.parametrize(
        ("amount", "currency", "text"),
        [(123456, "EUR", "1,234.56 EUR"), (-5, "JPY", "-5 JPY"), (0, "KWD", "0.000 KWD"),
         (None, "EUR", NOTHING)],
    )  # fmt: skip
    def test_shows_major_units(self, amount, currency, text):
        assert f">{text}<" in amount_shown(amount, currency)

    def test_escapes_a_currency_from_outside(self):
        assert "<b>" not in amount_shown(1, "<b>")


class TestIdShown:
    def test_escapes(self):
        assert "<b>" not in id_shown("<b>")

    def test_shows_a_dash_for_nothing(self):
        assert NOTHING in id_shown(None)


class TestTimeShown:
    @pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))])
    def test_is_utc_to_the_millisecond(self, zone):
        at = datetime(2026, 1, 2, 12, 0, 0, 123999, tzinfo=UTC).astimezone(zone)

        shown = time_shown(at)

        assert "2026-01-02 12:00:00.123 UTC" in shown
        assert 'datetime="2026-01-02T12:00:00.123999+00:00"' in shown

    def test_shows_a_dash_for_never(self):
        assert time_shown(None) == NOTHING


class TestDurationShown:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0, "0 ms"), (0.0034, "3 ms"), (-0.5, "-500 ms"), (1, "1 s"), (2.54, "2.5 s"),
         (60, "1 min"), (90, "1.5 min"), (3600, "1 h"), (47 * 3600, "47 h"), (72 * 3600, "3 d")],
    )  # fmt: skip
    def test_fits_its_unit(self, seconds, text):
        assert duration_shown(timedelta(seconds=seconds)) == text

    def test_shows_a_dash_for_nothing(self):
        assert duration_shown(None) == NOTHING
