"""Data that are JSON, and break the contract member by member."""

from collections.abc import Iterator

from tests.common.inbox.poison_record import Kind, with_document

_WRONG = {
    "transaction_id": [None, "", "x", 1, True, [], {}, "01900000-0000-7000-8000-00000000a11", "{}"],
    "kind": [None, "", "Transfer", "payment", 1, True, [], {}, "transfer ", "transfer\u0000"],
    "requested_by": [None, "", "alice", 7, False, [], {}],
    "debit_party": [
        *(None, "", "user", 1, True, [], {}, {"party": "user"}, {"party": "bank"}),
        *({"party": "user", "user_id": 1}, {"party": "system", "role": "vault"}),
        *(
            {"user_id": "01900000-0000-7000-8000-00000000a11c"},
            {"party": None},
            {"party": "system"},
        ),
    ],
    "credit_party": [None, "", 1, [], {}, {"party": "nobody"}, {"party": "user", "user_id": ""}],
    "amount": [
        *(
            None,
            "",
            "250",
            "1_000",
            "\uff12\uff15\uff10",
            True,
            False,
            [],
            {},
            0,
            -1,
            -250,
            2.5,
            250.5,
            1e300,
        ),
        *(9_007_199_254_740_992, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, [250], {"amount": 250}),
    ],
    "currency": [
        *(
            None,
            "",
            "eur",
            "EURO",
            "EU",
            "E€R",
            "\uff25\uff35\uff32",
            "EUR ",
            " EUR",
            "EUR\n",
            "E R",
            978,
            True,
        ),
        *([], {}, "\u0415UR", "E\u200bUR", "EU\u0301", "123"),
    ],
    "capture": [None, "", "Automatic", "auto", 1, True, [], {}],
    "accepted_at": [
        *(None, "", "now", 0, 1767355200, True, [], {}, "2026-01-02", "2026-01-02T12:00:00"),
        *("2026-02-30T12:00:00Z", "2026-01-02T25:00:00Z", "0000-01-01T00:00:00Z", "12:00:00Z"),
    ],
    "hold_expires_at": ["", "soon", 1, True, [], {}, "2026-01-02T12:00:00"],
    "reference": [1, True, [], {}, 1.5],
    "description": [1, False, [], {}],
    "metadata": [None, "", 1, True, [], {"a": 1}, {"a": None}, {"a": {}}, {"a": []}, [["a", "b"]]],
}
_REQUIRED = list(_WRONG)[:9]


def members() -> Iterator[Kind]:
    for member in _REQUIRED:
        yield Kind(f"{member}: missing", lambda raw, m=member: with_document(raw, drop=m))
        yield Kind(f"{member}: in capitals", lambda raw, m=member: with_document(raw, rename=m))
    for member, wrong in _WRONG.items():
        for value in wrong:
            yield Kind(
                f"{member}: {value!r}"[:80],
                lambda raw, m=member, v=value: with_document(raw, {m: v}),
            )
