"""Step 1 of the road: a client's body becomes an order."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from common.api.authentication import Principal
from common.events.contracts import Capture, Kind
from common.money import AMOUNT_MAX, EXPONENTS
from users.identity.models import User
from users.submissions.errors import TreasuryOnly
from users.submissions.models import TransactionRequest
from users.submissions.order import Order
from users.submissions.serializers import HOLD_DEFAULT_S, HOLD_S, SubmitInput

_UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z"
_UuidText = Annotated[str, Meta(pattern=_UUID)]
_Text = Annotated[str, Meta(min_length=1, max_length=500)]


class _Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body without anything unusual in it."""

    kind: Kind
    amount: Annotated[int, Meta(gt=0, le=AMOUNT_MAX)]
    currency: str
    counterparty: _UuidText | None = None
    user: _UuidText | None = None
    capture: Capture = "automatic"
    hold_expires_in_s: Annotated[int, Meta(ge=HOLD_S[0], le=HOLD_S[1])] | UnsetType = UNSET
    reference: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    description: _Text | None = None
    metadata: Annotated[dict[_Text, Annotated[str, Meta(max_length=500)]], Meta(max_length=20)] = {}


def order_read(body: Any, principal: Principal) -> Order:
    """
    The order that somebody's body stands for.

    Raises:
        ValidationError: the body breaks a rule; REST framework's, with the members' names.
        TreasuryOnly: a deposit by somebody who is not the treasury.
    """
    order = _usual(body, principal) or _checked(body, principal)
    if order.kind == TransactionRequest.Kind.DEPOSIT and principal.role != User.Role.TREASURY:
        raise TreasuryOnly
    return order


def _usual(body: Any, principal: Principal) -> Order | None:
    """
    The order of a body that is certainly good; None if it has to be looked at closely.

    Note [Two readers]: the serializer has the rules and the messages, at a price of a fifth of a
    millisecond. This one knows nearly all good bodies in a few microseconds and leaves the rest to
    it. It may refuse what is good, and never takes what the serializer refuses or takes otherwise.
    """
    try:
        usual = msgspec.convert(body, _Body)
    except msgspec.ValidationError:
        return None
    needed = (usual.kind == "transfer", usual.kind == "deposit")
    if needed != (usual.counterparty is not None, usual.user is not None):
        return None
    hold = usual.hold_expires_in_s
    if usual.capture == "manual":
        hold = HOLD_DEFAULT_S if hold is UNSET else hold
    elif hold is not UNSET:
        return None
    if usual.currency not in EXPONENTS or not _printable(usual):
        return None
    return Order(
        kind=usual.kind,
        amount=usual.amount,
        currency=usual.currency,
        user=principal.user_id if usual.user is None else UUID(usual.user),
        counterparty=None if usual.counterparty is None else UUID(usual.counterparty),
        capture=usual.capture,
        hold_expires_in_s=None if hold is UNSET else hold,
        reference=usual.reference,
        description=usual.description,
        metadata=usual.metadata,
    )


def _printable(usual: _Body) -> bool:
    """Whether no text has a control, a format character or another that is not plainly seen."""
    texts = (usual.reference or "", usual.description or "", *usual.metadata)
    return all(map(str.isprintable, texts)) and all(map(str.isprintable, usual.metadata.values()))


def _checked(body: Any, principal: Principal) -> Order:
    """The order of a body that keeps all rules of the serializer. Raises `ValidationError`."""
    serializer = SubmitInput(data=body)
    serializer.is_valid(raise_exception=True)
    members: Mapping[str, Any] = serializer.validated_data
    deposit = members["kind"] == TransactionRequest.Kind.DEPOSIT
    owner = members["user"] if deposit else principal.user_id
    return Order(**{"metadata": {}, **members, "user": owner})
