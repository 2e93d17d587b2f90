from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.events.codec import SIZE_MAX, EventInvalid, EventTooLarge, event_decode, event_encode
from common.events.contracts import EVENT_TYPES, TransactionCreatedV1
from common.events.envelope import EnvelopeInvalid, headers_decode, headers_encode
from tests.factories.events import envelope, transaction_created


class TestEventCodec:
    def test_reads_what_it_writes(self):
        event = transaction_created()

        assert event_decode(event.TYPE, event_encode(event)) == event

    def test_ignores_members_that_a_later_producer_added(self):
        event = transaction_created()
        raw = event_encode(event).replace(b"{", b'{"added_later":[1,{"x":true}],', 1)

        assert event_decode(event.TYPE, raw) == event

    def test_does_not_know_foreign_types(self):
        assert event_decode("weather_changed.v1", b"whatever") is None

    def test_refuses_a_version_that_is_not_known_yet(self):
        with pytest.raises(EventInvalid):
            event_decode("transaction_created.v2", b"{}")

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"amount":250', b'"amount":0'),
            (b'"amount":250', b'"amount":-1'),
            (b'"amount":250', b'"amount":250.0'),
            (b'"amount":250', b'"amount":"250"'),
            (b'"amount":250', b'"amount":true'),
            (b'"amount":250', b'"amount":9007199254740992'),
            (b'"amount":250', b'"amount":NaN'),
            (b'"amount":250', b'"amount":250,"amount":251'),
            (b'"amount":250', b'"amount":' + b"9" * 5000),
            (b'"EUR"', b'"eur"'),
            (b'"EUR"', b'"EURO"'),
            (b'"EUR"', b'"EUR\\n"'),
            (b'"transfer"', b'"theft"'),
            (b'"reference":null', b'"reference":"\\u0000"'),
            (b'"reference":null', b'"reference":"\\ud800"'),
            (b'"reference":null', b'"reference":"\xff"'),
            (b'"metadata":{}', b'"metadata":{"a":1}'),
            (b'"metadata":{}', b'"x":' + b"[" * 4000),
            (b'{"transaction_id"', b'{"transaction_idd"'),
            (b"}", b""),
            (b"{", b"\xef\xbb\xbf{"),
        ],
    )
    def test_refuses_data_that_breaks_the_contract(self, old, new):
        raw = event_encode(transaction_created())
        assert old in raw

        with pytest.raises(EventInvalid):
            event_decode(TransactionCreatedV1.TYPE, raw.replace(old, new))

    @given(st.binary(max_size=300))
    def test_raises_nothing_but_event_invalid(self, raw):
        with pytest.raises(EventInvalid):
            event_decode(TransactionCreatedV1.TYPE, raw)

    def test_refuses_to_write_more_than_16_kib(self):
        with pytest.raises(EventTooLarge):
            event_encode(transaction_created(description="x" * SIZE_MAX))

    def test_every_event_has_a_type_of_its_own_with_a_version(self):
        assert all(name.rpartition(".v")[2].isdigit() for name in EVENT_TYPES)


class TestEnvelopeHeaders:
    def test_come_back_as_they_were(self):
        known = envelope(sequence=7)

        assert headers_decode(headers_encode(known)) == known

    def test_ignore_what_others_add(self):
        known = envelope()

        assert headers_decode([*headers_encode(known), ("x-trace", b"\xff")]) == known

    @pytest.mark.parametrize("name", [n for n, _ in headers_encode(envelope()) if "ce_" in n])
    def test_are_refused_when_one_is_missing(self, name):
        optional = {"ce_causationid", "ce_dataschema"}
        headers = [(n, v) for n, v in headers_encode(envelope()) if n != name]

        if name in optional:
            headers_decode(headers)
        else:
            with pytest.raises(EnvelopeInvalid):
                headers_decode(headers)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("ce_specversion", b"0.3"),
            ("ce_id", b"not-a-uuid"),
            ("ce_id", b"{01A20353-D257-7000-AD26-408F19425D81}"),
            ("ce_partitionkey", b""),
            ("ce_sequence", b"0"),
            ("ce_sequence", b"-1"),
            ("ce_sequence", b"1.0"),
            ("ce_sequence", b"9" * 19),
            ("ce_sequence", "\u0661".encode()),
            ("ce_time", b"yesterday"),
            ("ce_time", b"2026-01-02T12:00:00"),
            ("ce_type", b"\xff"),
            ("ce_type", b"a\x00b"),
            ("ce_type", b"x" * 600),
            ("ce_source", None),
        ],
    )
    def test_are_refused_when_one_is_malformed(self, name, value):
        headers = [(n, value if n == name else v) for n, v in headers_encode(envelope())]

        with pytest.raises(EnvelopeInvalid):
            headers_decode(headers)

    def test_are_refused_when_one_is_there_twice(self):
        headers = headers_encode(envelope())

        with pytest.raises(EnvelopeInvalid):
            headers_decode([*headers, ("ce_sequence", b"1")])


def test_times_keep_their_instant():
    noon = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

    raw = event_encode(transaction_created(accepted_at=noon))

    assert msgspec.json.decode(raw)["accepted_at"] == "2026-01-02T12:00:00Z"
