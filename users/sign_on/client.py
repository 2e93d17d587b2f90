"""The one client of the provider: the console of transactions."""

from allauth.idp.oidc.models import Client
from django.db import transaction

from common.staff.sign_on import CALLBACK_PATH, CLIENT_ID, SCOPE


def redirect_uri(console_url: str) -> str:
    """Where codes are sent to, and nowhere else."""
    return f"{console_url}{CALLBACK_PATH}"


@transaction.atomic
def console_client_set(*, console_url: str, secret: str) -> bool:
    """
    Let the console at that address sign staff on with that secret, and no longer any other.

    Only the secret's hash is kept. Whether anything changed.
    """
    client = Client.objects.select_for_update().filter(pk=CLIENT_ID).first()
    wanted = {
        "name": "Transactions console",
        "type": Client.Type.CONFIDENTIAL,
        "scopes": SCOPE,
        "grant_types": Client.GrantType.AUTHORIZATION_CODE.value,
        "response_types": Client.ResponseType.CODE.value,
        "redirect_uris": redirect_uri(console_url),
        # It is our own, and shows nobody anything but to themselves.
        "skip_consent": True,
    }
    same = client and all(getattr(client, name) == value for name, value in wanted.items())
    if client and same and client.check_secret(secret):
        return False
    client = client or Client(pk=CLIENT_ID)
    for name, value in wanted.items():
        setattr(client, name, value)
    client.set_secret(secret)
    client.save()
    return True
