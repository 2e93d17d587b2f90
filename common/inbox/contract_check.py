"""A dead letter's data beside the contract of its event: which members break it, and how."""

from itertools import islice
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

from common.events.codec import SIZE_MAX
from common.events.contracts import EVENT_TYPES
from common.events.json_schema import Schema, event_schema
from common.inbox.arrival import Poison
from common.inbox.models import InboxWaiting
from common.inbox.records import arrive_again
from common.strict_json import NotJson, strict_json_loads

_FINDINGS_MAX = 20
_WORDS_MAX = 300


class Finding(NamedTuple):
    """A member of the data, as a path from `$`, and what is wrong with it."""

    path: str
    words: str


class ContractCheck(NamedTuple):
    """
    How a letter stands today.

    `refusal` is why today's code cannot read it, empty when it can. `schema` is None for a type
    that nobody here knows; `findings` are empty where the data are no JSON, too.
    """

    refusal: str
    schema: Schema | None
    findings: list[Finding]


def contract_check(letter: InboxWaiting) -> ContractCheck:
    """Hold a letter against today's code and today's schema of its event."""
    item = arrive_again(letter)
    refusal = item.reason if isinstance(item, Poison) else ""
    struct = EVENT_TYPES.get(letter.type)
    if struct is None:
        return ContractCheck(refusal, None, [])
    schema = event_schema(struct)
    return ContractCheck(refusal, schema, _findings(schema, bytes(letter.value or b"")))


def _findings(schema: Schema, value: bytes) -> list[Finding]:
    try:
        document = strict_json_loads(value, size_max=SIZE_MAX)
    except NotJson as error:
        return [Finding("$", str(error))]
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [_finding(error) for error in islice(validator.iter_errors(document), _FINDINGS_MAX)]


def _finding(error: ValidationError) -> Finding:
    # Of a choice between several shapes, the member that comes nearest to one of them says more.
    nearest: Any = best_match([error]) or error
    return Finding(nearest.json_path[:_WORDS_MAX], nearest.message[:_WORDS_MAX])
