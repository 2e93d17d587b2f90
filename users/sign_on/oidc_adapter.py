"""What allauth's provider says of staff, and which keys it signs that with."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client, PrivateKey
from django.conf import settings
from django.utils import timezone

from common.internal.contracts import builtins_of
from common.staff.sign_on import SECOND_FACTOR, issuer_of
from users.identity.models import User
from users.identity.selectors import user_get
from users.identity.signing_keys import SigningKey, live_keys, signing_key
from users.sign_on.standing import staff_told


class SignOnAdapter(DefaultOIDCAdapter):
    """
    Vouches for active staff with a role, under an issuer and an audience of their own.

    The keys are those of access tokens, so that one rotation serves both; whoever verifies either
    kind asks for its issuer and its audience.
    """

    def get_issuer(self) -> str:
        return issuer_of(settings.CONSOLE_URL)

    def get_user_sub(self, client: Client, user: Any) -> str:  # noqa: ARG002  allauth's signature
        return str(user.pk)

    def get_user_by_sub(self, client: Client, sub: str) -> User | None:  # noqa: ARG002
        """Who a code is for, judged again as it is redeemed: None once they may not sign on."""
        user = user_get(user_id=UUID(sub))
        return user if user is not None and staff_told(user) is not None else None

    def get_claims(
        self,
        purpose: Literal["id_token", "userinfo"],  # noqa: ARG002  there is no userinfo
        user: Any,
        client: Client,  # noqa: ARG002
        scopes: Iterable[str],  # noqa: ARG002
        email: str | None = None,  # noqa: ARG002
        **_: Any,
    ) -> dict[str, Any]:
        told = staff_told(user)
        if told is None:  # between one look and the next; no console takes a token without roles
            return {"sub": str(user.pk)}
        # The console gave no code without one where it is required: see `AuthorizeView`.
        amr = [SECOND_FACTOR] if settings.STAFF_MFA_REQUIRED else []
        return {**builtins_of(told), "amr": amr}

    def list_private_keys(
        self,
        *,
        did_activate: Literal[True] | None = None,  # noqa: ARG002  `signing_key` judges that
        is_active: Literal[True] | None = None,  # noqa: ARG002  those that are not have no file
    ) -> list[PrivateKey]:
        return [_of_allauth(key) for key in live_keys()]

    def get_signing_key(self) -> PrivateKey:
        return _of_allauth(signing_key(at=timezone.now()))


def _of_allauth(key: SigningKey) -> PrivateKey:
    signs_from: datetime = key.signs_from
    return PrivateKey(pem=key.path.read_text(), issued_at=signs_from)
