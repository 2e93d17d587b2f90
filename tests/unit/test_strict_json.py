import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.strict_json import DEPTH_MAX, NotJson, strict_json_loads

ACCEPTED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
            children,
            max_size=4,
        )
    ),
    max_leaves=15,
)


class TestStrictJsonLoads:
    @given(ACCEPTED)
    def test_reads_what_json_writes(self, document):
        assert strict_json_loads(json.dumps(document).encode(), size_max=100_000) == document

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"{",
            b'{"a":1,}',
            b"\xff",
            b'"\xed\xa0\x80"',
            b"\xef\xbb\xbf{}",
            b"NaN",
            b"[Infinity]",
            b"-Infinity",
            b"1e999",
            b"1.0",
            b"1E2",
            b"9" * 5000,
            b"9223372036854775808",
            b'{"a":1,"a":1}',
            b'{"a":{"b":1,"b":2}}',
            b'"\\u0000"',
            b'"\\ud800"',
            b'{"\\udfff":1}',
            b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2),
            b"[" * 30_000,
            b'{"a":' * 30_000,
            b"01",
            b"'a'",
            b"{} {}",
            b'"a\nb"',
        ],
    )
    def test_refuses_what_is_not_strict(self, raw):
        with pytest.raises(NotJson):
            strict_json_loads(raw, size_max=1_000_000)

    def test_refuses_more_bytes_than_allowed(self):
        assert strict_json_loads(b'"aaa"', size_max=5) == "aaa"
        with pytest.raises(NotJson):
            strict_json_loads(b'"aaaa"', size_max=5)

    @given(st.binary(max_size=200))
    def test_raises_nothing_but_not_json(self, raw):
        with suppress(NotJson):
            strict_json_loads(raw, size_max=1000)
