"""The quick reader of bodies against the serializer: see Note [Two readers]."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from common.api.authentication import Principal
from common.money import AMOUNT_MAX
from users.submissions import bodies
from users.submissions.order import Order

TREASURY = Principal(
    user_id=UUID("01980000-0000-7000-8000-00000000000a"), role="treasury", session_id="s"
)
SOMEBODY = "01980000-0000-7000-8000-0000000000Bb"

USUAL = [
    {"kind": "withdrawal", "amount": 1, "currency": "EUR"},
    {"kind": "transfer", "amount": AMOUNT_MAX, "currency": "JPY", "counterparty": SOMEBODY},
    {"kind": "deposit", "amount": 250, "currency": "KWD", "user": SOMEBODY},
    {
        "kind": "transfer", "amount": 250, "currency": "EUR", "counterparty": SOMEBODY,
        "user": None, "capture": "manual", "hold_expires_in_s": 60, "reference": "r" * 100,
        "description": "\u00e9\u4e2d\U0001f600" * 166, "metadata": {"k" * 500: "", "b": "v" * 500},
    },
    {"kind": "withdrawal", "amount": 2, "currency": "EUR", "capture": "manual"},
    {"kind": "withdrawal", "amount": 2, "currency": "EUR", "reference": None, "metadata": {}},
    {
        "kind": "withdrawal", "amount": 2, "currency": "EUR",
        "metadata": {str(n): "x" * 500 for n in range(20)},
    },
]  # fmt: skip

TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["", " ", "x", "x" * 100, "x" * 101, "x" * 500, "x" * 501, "a\nb", "a\x7fb", "\u00ad",
         "\u202e", "\u200f", "\u00a0", "\u2028", "\ue000", "\U000e0001", "\u0378", "\ufeff", "\n",
         "x\n", f"{SOMEBODY}\n", SOMEBODY, SOMEBODY.upper(), SOMEBODY.replace("-", ""),
         f"{{{SOMEBODY}}}", f"urn:uuid:{SOMEBODY}", "\uff11" * 36, "EUR\n", "eur", "XXX", "manual"]
    ),
)  # fmt: skip
NUMBERS = st.sampled_from([0, 1, 59, 60, 2_592_000, 2_592_001, -1, AMOUNT_MAX, AMOUNT_MAX + 1])
VALUES = st.one_of(
    st.none(), st.booleans(), NUMBERS, TEXTS, st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, TEXTS | NUMBERS | st.none(), max_size=3),
    st.dictionaries(st.integers().map(str), st.just("x"), min_size=19, max_size=22),
)  # fmt: skip
MEMBERS = [
    *("kind", "amount", "currency", "counterparty", "user", "capture", "hold_expires_in_s"),
    *("reference", "description", "metadata", "idempotency_key", "sequence"),
]


def checked(body: Any) -> Order | None:
    try:
        return bodies._checked(body, TREASURY)
    except ValidationError:
        return None


@pytest.mark.parametrize("body", USUAL)
def test_what_is_usual_is_known_at_once_and_read_as_the_serializer_reads_it(body):
    assert bodies._usual(body, TREASURY) == bodies._checked(body, TREASURY)


@settings(max_examples=600, deadline=None)
@given(
    usual=st.sampled_from(USUAL),
    changes=st.dictionaries(st.sampled_from(MEMBERS), VALUES, min_size=1, max_size=3),
    without=st.sets(st.sampled_from(MEMBERS), max_size=1),
)
def test_what_is_known_at_once_is_what_the_serializer_takes(usual, changes, without):
    body = {name: value for name, value in (usual | changes).items() if name not in without}

    known = bodies._usual(body, TREASURY)

    assert known is None or known == checked(body)


@pytest.mark.parametrize("body", [None, True, 1, "x", [], [USUAL[0]], {}])
def test_what_is_no_body_is_left_to_the_serializer(body):
    assert bodies._usual(body, TREASURY) is None
    assert checked(body) is None
