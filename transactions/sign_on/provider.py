"""The users console as a provider of allauth, which finds this module by its name."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import get_random_string

from common.staff.sign_on import AUTHORIZE_PATH, CALLBACK_PATH, SCOPE, TOKEN_PATH, issuer_of

PROVIDER = "users"
_NONCE_LENGTH = 43


class IdToken(msgspec.Struct, frozen=True, kw_only=True):
    """What the users console signed about somebody of staff, as far as it is about this sign-on."""

    sub: UUID
    nonce: str
    exp: int
    amr: list[str]


class UsersOAuth2Adapter(OpenIDConnectOAuth2Adapter):
    """
    Where the users console is, for browsers and for ourselves.

    It is the only provider, and told by settings: nothing is fetched before a sign-on, and nobody
    can send us elsewhere by a document.
    """

    def __init__(self, request: HttpRequest, provider_id: str = PROVIDER) -> None:
        super().__init__(request, provider_id)

    @property
    def openid_config(self) -> dict[str, Any]:
        return {
            "issuer": issuer_of(settings.TWIN_CONSOLE_URL),
            "authorization_endpoint": f"{settings.TWIN_CONSOLE_URL}{AUTHORIZE_PATH}",
            "token_endpoint": f"{settings.PEER['URL'].rstrip('/')}{TOKEN_PATH}",
            "jwks_uri": settings.USERS_JWKS_URL,
        }

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:  # noqa: ARG002
        """The address that is registered, whatever name a browser calls us by."""
        return f"{settings.CONSOLE_URL}{CALLBACK_PATH}"

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """Verify the signature, too, which allauth leaves to TLS: ours may be plain inside."""
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        try:
            msgspec.convert(claims, IdToken)
        except msgspec.ValidationError as error:
            raise OAuth2Error(f"Not the id_token that was agreed: {error}") from error
        return claims


class UsersConsoleProvider(OpenIDConnectProvider):
    """Signs on, and does nothing else that an address could ask allauth's provider for."""

    id = PROVIDER
    oauth2_adapter_class = UsersOAuth2Adapter

    def get_default_scope(self) -> list[str]:
        return [SCOPE]

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        return {"process": AuthProcess.LOGIN, "next_url": get_next_redirect_url(request)}

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        next_url: str | None = None,
        data: Any = None,  # noqa: ARG002  allauth's signature
        **_: Any,
    ) -> HttpResponseBase:
        """Send a browser to the users console; the nonce waits for it in the session."""
        nonce = get_random_string(_NONCE_LENGTH)
        answer: HttpResponseBase = super().redirect(
            request, process, next_url, {"nonce": nonce}, auth_params={"nonce": nonce}
        )
        return answer

    def extract_common_fields(self, data: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Nothing that allauth would look accounts up by: `accounts` fills them in."""
        return {}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[Any]:  # noqa: ARG002
        """None: an address is not who somebody is."""
        return []


provider_classes = [UsersConsoleProvider]
