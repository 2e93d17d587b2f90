"""
One sign-on, as both consoles know it: the users console vouches for staff by OpenID Connect.

`users` is the provider, the console of transactions its one client. What is said of somebody at a
sign-on is what is said of them later, when the console asks whether it still holds.
"""

CLIENT_ID = "transactions-console"
SCOPE = "openid"
AUTHORIZE_PATH = "/admin/sign-on/authorize"
TOKEN_PATH = "/sign-on/token"  # noqa: S105  an address
CALLBACK_PATH = "/admin/sign-on/callback/"
SECOND_FACTOR = "mfa"
"""Stands in the claim `amr` where the users console lets nobody in without a second factor."""


def issuer_of(console_url: str) -> str:
    """The name under which the users console at that address signs what it says of staff."""
    return f"{console_url}/sign-on"
