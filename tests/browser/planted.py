"""Puts the payloads wherever clients and strangers can: through the API, and into the topics."""

import os
from http import HTTPStatus

import httpx
import psycopg
from confluent_kafka import Producer

from common.client.transport import trusted
from common.ids import uuid7
from tests.browser.payloads import Payload
from tests.e2e.client import Caller, sign_up, treasury, wait_for

_AGENTS = 20
_NAMES = 5
_TOGETHER = 10
"""How many payloads one transaction has in its metadata."""


def plant_by_api(texts: list[Payload]) -> set[str]:
    """
    Send each in every member of a request that takes text, and some as names and user agents.

    Returns the marks of those that were accepted; what the API refuses (invisible characters)
    comes through Kafka alone. The last transactions have all of them, several in each, so that
    a few pages show them all.
    """
    bank, alice, bob = treasury(), sign_up(), sign_up()
    deposit = bank.submit(kind="deposit", amount=1_000_000, user=alice.id, reference="=1+1")
    bank.outcome(deposit.json()["id"])
    accepted = _send(alice, {text: _item(text, bob.id) for text in texts if sendable(text)})
    kept = list(accepted)
    together = {
        kept[start]: _together(kept[start : start + _TOGETHER], bob.id)
        for start in range(0, len(kept), _TOGETHER)
    }
    last = list(_send(alice, together).values())[-1]
    alice.outcome(last)
    for text in texts[:_NAMES]:
        bob.command(f"/{last}/reverse", amount=1, reason=text.text)
    for text in texts[:_NAMES]:
        _name(text)
    for text in texts[:_AGENTS]:
        _failed_sign_in(text)
    return {text.mark for text in kept}


def _send(caller: Caller, items: dict[Payload, dict[str, object]]) -> dict[Payload, str]:
    """Ask for transactions, as many at once as may be; the ids of those that were accepted."""
    accepted, sent = {}, list(items.items())
    for start in range(0, len(sent), 50):
        part = sent[start : start + 50]
        body = {"items": [item for _, item in part]}
        answer = caller.call("POST", "/api/v1/transactions/batch", json=body)
        assert answer.status_code == HTTPStatus.OK, answer.text
        for (payload, _), result in zip(part, answer.json()["results"], strict=True):
            assert result["status"] in {HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST}, result
            if result["status"] == HTTPStatus.ACCEPTED:
                accepted[payload] = result["body"]["id"]
    return accepted


def sendable(payload: Payload) -> bool:
    """Whether it may stand in a body at all; a NUL is refused with all that is around it."""
    return "\0" not in payload.text


def _item(payload: Payload, to: str) -> dict[str, object]:
    return {
        "kind": "transfer",
        "amount": 10,
        "currency": "EUR",
        "counterparty": to,
        "reference": payload.text[:100],
        "description": payload.text,
        "metadata": {payload.text[:40]: payload.text},
        "idempotency_key": _printable(payload.text),
    }


def _together(texts: list[Payload], to: str) -> dict[str, object]:
    return {
        "kind": "transfer",
        "amount": 10,
        "currency": "EUR",
        "counterparty": to,
        "metadata": {text.text[:40]: text.text for text in texts},
        "idempotency_key": f"together-{texts[0].mark}",
    }


def _printable(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode().translate(dict.fromkeys(range(32)))


def _name(payload: Payload) -> None:
    person = sign_up()
    person.call("PATCH", "/api/v1/users/me", json={"display_name": payload.text[:100]})


def _failed_sign_in(payload: Payload) -> None:
    httpx.post(
        f"{os.environ['GATEWAY_URL']}/api/v1/auth/login",
        json={"email": f"{payload.mark}@example.com", "password": "wrong"},
        headers={"User-Agent": _printable(payload.text)[:200].strip() or payload.mark},
        timeout=30,
        trust_env=False,
        verify=trusted(),
    )


def plant_by_kafka(texts: list[Payload], *, topic: str, source: str, database: str) -> None:
    """
    Send each as key, value and header of a record that is no event, and wait for the letters.

    The last letters have all of them, several in the headers of each.
    """
    alone = [[payload] for payload in texts]
    together = [texts[start : start + _TOGETHER] for start in range(0, len(texts), _TOGETHER)]
    producer = Producer({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"]})
    for groups in (alone, together):
        wanted = _letters(database, topic) + len(groups)
        for group in groups:
            raw = group[0].text.encode()
            producer.produce(topic, key=raw, value=raw, headers=_headers(raw, group, source))
        producer.flush(20)
        wait_for(
            f"a dead letter for every record in {topic}",
            lambda wanted=wanted: _letters(database, topic) >= wanted or None,
            deadline_s=60,
        )


def _headers(raw: bytes, together: list[Payload], source: str) -> list[tuple[str, bytes]]:
    own = {"ce_type": raw, "ce_subject": raw, "ce_correlationid": raw, "ce_actor": raw}
    envelope = {
        "ce_specversion": b"1.0",
        "ce_id": str(uuid7()).encode(),
        "ce_source": source.encode(),
    }
    texts = {payload.text.replace("\0", ""): payload.text.encode() for payload in together}
    return list((envelope | own | texts).items())


def _letters(database: str, topic: str) -> int:
    with psycopg.connect(os.environ[database]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM inbox_waiting WHERE topic = %s AND state = 'dead'", [topic]
        ).fetchone()
        return int(row[0]) if row else 0
