"""
What we say of allauth's routes in the place of its own words, which are about all of its settings.

Names of components are those of `allauth_spec`, with `Auth` before them.
"""

from collections.abc import Mapping
from typing import Any

_SCHEMAS = "#/components/schemas/"
_RESPONSES = "#/components/responses/"
_SIGN_IN = "0198c0de-2a00-7000-8000-000000005e55"

IN_EXAMPLES = {
    "email@domain.org": "alice@example.com",
    "Magic Wizard": "alice@example.com",
    "Alohomora!": "correct-horse-battery-staple",
    "Aberto!": "another-correct-horse",
}
"""What stands in allauth's examples, and in ours."""

TEXTS: Mapping[str, str] = {
    "auth_login_post": """\
Sign in with an e-mail address and a password.

200 has the tokens in `meta`. 401 names what is still due, as `is_pending` in `data.flows`:
`verify_email`, or `mfa_authenticate` for people with a second factor; go on with
`meta.session_token` in `X-Session-Token`. A wrong password and an unknown address are the same
400.""",
    "auth_signup_post": """\
Make an account.

Where addresses need not be verified, as in a stack on your machine, 200 signs in at once, with the
tokens in `meta`. Elsewhere 401 names `verify_email` as pending and a mail is on its way, to an
address that somebody has already, too: nobody learns which addresses those are.""",
    "auth_email_verify_get": "See whose address the key of a mail verifies, without using it.",
    "auth_email_verify_post": """\
Verify an address by the key of a mail. 401 is no failure: the address is verified, and you sign in
next.""",
    "auth_reauthenticate_post": """\
Show your password again. What could take an account over (another address, a second factor,
recovery codes) asks for it within the last five minutes, and else answers 401 with
`reauthenticate` among the flows.""",
    "auth_password_request_post": """\
Ask for a mail with a key to set a new password; 200 also for an address that nobody has.""",
    "auth_password_reset_get": "See whose password the key of a mail resets, without using it.",
    "auth_password_reset_post": """\
Set a new password by the key of a mail; every sign-in ends. 401 is no failure: sign in next.""",
    "auth_2fa_authenticate_post": """\
Take the second step of signing in: with a code of the authenticator or a recovery code, and the
first step's `meta.session_token` in `X-Session-Token`. Each code works once.""",
    "auth_2fa_reauthenticate_post": """\
Show a code again, which is as good as the password for what asks for one of them.""",
    "auth_account_email_get": "Your addresses: which are verified, and which is the primary one.",
    "auth_account_email_post": """\
Add an address, up to five; a mail asks to verify it. 401 asks for the password again.""",
    "auth_account_email_put": """\
Have the mail that verifies an address sent again; 403 if one was sent a moment ago.""",
    "auth_account_email_patch": """\
Make a verified address the primary one. 401 asks for the password again.""",
    "auth_account_email_delete": """\
Remove an address; the primary one stays. 401 asks for the password again.""",
    "auth_account_authenticators_get": "Your second factors: the authenticator and recovery codes.",
    "auth_account_authenticators_totp_get": """\
Your authenticator (RFC 6238). 404 if there is none: with `meta.secret` and `meta.totp_url` to set
one up. 409 as long as your address is not verified.""",
    "auth_account_authenticators_totp_post": """\
Set up an authenticator by its first code; recovery codes are made with it. 401 asks for the
password again.""",
    "auth_account_authenticators_totp_delete": """\
Remove the authenticator, and the recovery codes with it. 401 asks for the password again; 409 is
for staff, who keep theirs.""",
    "auth_account_authenticators_recovery_codes_get": """\
Your recovery codes. They are shown once, as `unused_codes`; later answers count them. 401 asks for
the password again.""",
    "auth_account_authenticators_recovery_codes_post": """\
Make new recovery codes in the place of those that there are. 401 asks for the password again.""",
    "auth_session_get": "Who is signed in; 401 names what is due where nobody is yet.",
    "auth_session_delete": "Sign out. 401 is no failure: nobody is signed in any more.",
    "auth_tokens_refresh_post": """\
Get the next pair of tokens. A refresh token works once, and a second use ends the sign-in, whoever
of the two was the thief: without an answer, sign in again. 400 when it does not work any more.""",
    "auth_account_password_change_post": "Change your password; every other sign-in ends.",
    "auth_sessions_get": "Your sign-ins, the latest used first, at most 100.",
    "auth_sessions_delete": """\
End some of your sign-ins by their ids, or all: the console's and those half-way, too. Ids that are
not yours end nothing. 401 is no failure: the one that asked has ended.""",
}
"""By the ids of operations."""

BODIES: Mapping[str, Mapping[str, Any]] = {
    "AuthChangePassword": {
        "current_password": "correct-horse-battery-staple",
        "new_password": "another-correct-horse",
    },
    "AuthEmail": {"email": "another@example.com"},
    "AuthEndSessions": {"sessions": [_SIGN_IN]},
    "AuthMarkPrimaryEmail": {"email": "another@example.com", "primary": True},
}
"""Bodies to show that are better than what a schema makes up, by the names of request bodies."""

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "auth_account_password_change_post": {"200": {"$ref": f"{_RESPONSES}AuthAuthenticated"}},
    "auth_account_authenticators_recovery_codes_post": {
        "200": {"$ref": f"{_RESPONSES}AuthRecoveryCodes"}
    },
}
"""Answers that allauth gives and does not describe, by the ids of operations."""

_WHEN = {"$ref": f"{_SCHEMAS}AuthTimestamp"}
_FACTOR = {"$ref": f"{_SCHEMAS}AuthAuthenticatorType"}

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "AuthSession": {
        "type": "object",
        "description": "A sign-in.",
        "properties": {
            "id": {"type": "string", "format": "uuid", "example": _SIGN_IN},
            "created_at": _WHEN,
            "last_seen_at": _WHEN,
            "ip": {"type": ["string", "null"], "example": "203.0.113.7"},
            "user_agent": {"type": "string", "example": "Mozilla Firefox"},
            "is_current": {"type": "boolean", "description": "Whether it is the one that asks."},
        },
        "required": ["id", "created_at", "last_seen_at", "ip", "user_agent", "is_current"],
    },
    "AuthEndSessions": {
        "type": "object",
        "description": "Which sign-ins to end: `sessions`, or `all`.",
        "properties": {
            "sessions": {
                "type": "array",
                "items": {"type": "string", "format": "uuid"},
                "minItems": 1,
                "maxItems": 100,
            },
            "all": {"const": True},
        },
        "oneOf": [{"required": ["sessions"]}, {"required": ["all"]}],
    },
    "AuthFlow": {
        "type": "object",
        "description": "What can be done next, and what is pending.",
        "properties": {
            "id": {
                "enum": [
                    "login",
                    "signup",
                    "verify_email",
                    "mfa_authenticate",
                    "reauthenticate",
                    "mfa_reauthenticate",
                ]
            },
            "is_pending": {"const": True},
            "types": {
                "type": "array",
                "description": "The second factors that will do.",
                "items": _FACTOR,
            },
        },
        "required": ["id"],
    },
    "AuthAuthenticationMethod": {
        "type": "object",
        "description": "What was shown, and when.",
        "properties": {
            "method": {"enum": ["password", "password_reset", "mfa"]},
            "at": _WHEN,
            "email": {"$ref": f"{_SCHEMAS}AuthEmail"},
            "type": _FACTOR,
            "reauthenticated": {"type": "boolean"},
        },
        "required": ["method", "at"],
    },
    "AuthAuthenticatorType": {"enum": ["totp", "recovery_codes"]},
    "AuthAuthenticatorList": {
        "type": "array",
        "items": {
            "anyOf": [
                {"$ref": f"{_SCHEMAS}AuthTOTPAuthenticator"},
                {"$ref": f"{_SCHEMAS}AuthRecoveryCodesAuthenticator"},
            ]
        },
    },
    "AuthSensitiveRecoveryCodesAuthenticator": {
        "allOf": [
            {"$ref": f"{_SCHEMAS}AuthRecoveryCodesAuthenticator"},
            {
                "type": "object",
                "properties": {
                    "unused_codes": {
                        "type": "array",
                        "description": "The codes, the first time.",
                        "items": {"$ref": f"{_SCHEMAS}AuthAuthenticatorCode"},
                    }
                },
            },
        ]
    },
    "AuthBaseAuthenticationMeta": {
        "type": "object",
        "description": "The tokens come once: when somebody is signed in.",
        "properties": {
            "session_token": {
                "type": "string",
                "description": "What `X-Session-Token` takes, on the way in and below /auth.",
                "example": "ufwcig0zen9skyd545jc0fkq813ghar2",
            },
            "access_token": {"$ref": f"{_SCHEMAS}AuthAccessToken"},
            "refresh_token": {"$ref": f"{_SCHEMAS}AuthRefreshToken"},
        },
    },
}
"""In the place of allauth's."""
