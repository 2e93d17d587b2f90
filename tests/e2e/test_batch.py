"""Many transactions at once, through the gateway and over the whole road."""

from common.ids import uuid7
from tests.e2e.test_road import fund


def test_a_batch_is_decided_item_by_item_in_its_order(bank, alice, bob):
    fund(bank, alice, 1000)
    transfer = {"kind": "transfer", "currency": "EUR", "counterparty": bob.id}
    amounts = [600, 500, 0, 400]
    items = [
        {**transfer, "amount": amount, "idempotency_key": str(uuid7()), "description": "x" * 500}
        for amount in amounts
    ]

    answers = [
        alice.call("POST", "/api/v1/transactions/batch", json={"items": items}) for _ in range(2)
    ]

    results, again = [answer.json()["results"] for answer in answers]
    assert [result["status"] for result in results] == [202, 202, 400, 202]
    accepted = [result["body"] for result in results if result["status"] == 202]
    assert [result["body"] for result in again if "idempotent_replayed" in result] == accepted
    outcomes = [alice.outcome(body["id"])["status"] for body in accepted]
    assert outcomes == ["posted", "rejected", "posted"]


def test_a_batch_may_be_larger_than_any_other_body(alice):
    items = [
        {
            "idempotency_key": str(uuid7()),
            "kind": "withdrawal",
            "amount": 1,
            "currency": "EUR",
            "description": "x" * 500,
        }
        for _ in range(500)
    ]

    answer = alice.call("POST", "/api/v1/transactions/batch", json={"items": items})

    assert answer.status_code == 200
    assert {result["status"] for result in answer.json()["results"]} == {202}
