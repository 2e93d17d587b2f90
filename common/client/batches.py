"""Many transactions in one request."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from common.client.errors import AnswerUnreadable
from common.client.orders import Order, members_of
from common.client.problems import Problem
from common.client.representations import BatchResult, Transaction


class _Result(msgspec.Struct, frozen=True):
    status: int
    body: dict[str, Any]
    idempotent_replayed: bool = False


class BatchAnswer(msgspec.Struct, frozen=True):
    """How a batch is answered: what each item would have been answered alone."""

    results: tuple[_Result, ...]


def batch_body(orders: Sequence[Order], keys: Sequence[str]) -> dict[str, Any]:
    """The body of a batch. Raises `ValueError` unless there is one key for each order."""
    return {
        "items": [
            {"idempotency_key": key, **members_of(order)}
            for key, order in zip(keys, orders, strict=True)
        ]
    }


def batch_results(answer: BatchAnswer) -> list[BatchResult]:
    """What became of each item, in order. Raises `AnswerUnreadable`."""
    try:
        return [_result(each) for each in answer.results]
    except msgspec.ValidationError as error:
        raise AnswerUnreadable(f"not what this API answers: {error}") from error


def _result(each: _Result) -> BatchResult:
    if each.status < HTTPStatus.BAD_REQUEST:
        made = msgspec.convert(each.body, Transaction)
        return BatchResult(status=each.status, transaction=made, is_replay=each.idempotent_replayed)
    return BatchResult(status=each.status, problem=msgspec.convert(each.body, Problem))
