"""What staff see of data that passes by: enough to find a fault, and nobody's personal data."""

import json
import re
from typing import Any

from common.strict_json import NotJson, strict_json_loads

MASK = "•••"

_READ_MAX = 16 * 1024
_SHOWN_MAX = 8 * 1024

# Texts that people write themselves, and what says who somebody is.
_PERSONAL = frozenset(
    {
        *("description", "display_name", "email", "ip", "metadata", "name", "phone"),
        *("reason", "reference", "user_agent"),
    }
)
_ADDRESS = re.compile(r"([\w.+%'-])[\w.+%'-]{0,63}@([\w-]{1,63}(?:\.[\w-]{1,63}){0,8})")
_CARD = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")


def masked_text(text: str) -> str:
    """Hide e-mail addresses, but for the first letter and the domain, and card numbers."""
    return _CARD.sub(MASK, _ADDRESS.sub(rf"\1{MASK}@\2", text))


def masked_payload(raw: bytes | None) -> str | None:
    """
    The data of a record as text: laid out and masked by member if it is JSON, else by its looks.

    None stays None. What is too long is cut and says so. Escaping is left to whoever shows it.
    """
    if raw is None:
        return None
    try:
        document = strict_json_loads(raw, size_max=_READ_MAX)
    except NotJson:
        text = masked_text(raw[:_SHOWN_MAX].decode(errors="backslashreplace"))
        rest = len(raw) - _SHOWN_MAX
        return f"{text}\n… {rest} more bytes" if rest > 0 else text
    text = json.dumps(_masked(document), indent=2, ensure_ascii=False)
    rest = len(text) - _SHOWN_MAX
    return f"{text[:_SHOWN_MAX]}\n… {rest} more characters" if rest > 0 else text


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            masked_text(name): _hidden(member) if name.lower() in _PERSONAL else _masked(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_masked(member) for member in value]
    return masked_text(value) if isinstance(value, str) else value


def _hidden(value: Any) -> Any:
    """The shape of something personal: how long a text is, which members an object has."""
    if isinstance(value, dict):
        return {masked_text(name): _hidden(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_hidden(member) for member in value]
    if isinstance(value, str):
        return f"{MASK} ({len(value)} characters)"
    return value if value is None else MASK
