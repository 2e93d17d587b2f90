"""
The encryption of what second factors are made of.

`settings.MFA_SECRETS` holds secrets of which the first encrypts and all decrypt, so that one can
be replaced: put the new one first, run `manage.py reencrypt_mfa_secrets`, take the old one away.
"""

from base64 import urlsafe_b64encode
from functools import cache

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

_MEMBERS = frozenset({"secret", "seed"})


def encrypt(text: str) -> str:
    """Encrypt under the first secret."""
    return _cipher(tuple(settings.MFA_SECRETS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Decrypt; raises `cryptography.fernet.InvalidToken` when none of the secrets fits."""
    return _cipher(tuple(settings.MFA_SECRETS)).decrypt(token.encode()).decode()


def authenticators_reencrypt() -> int:
    """Encrypt every authenticator anew under the first secret; how many there are."""
    ids = list(Authenticator.objects.order_by("id").values_list("id", flat=True))
    for one in ids:
        _reencrypt(one)
    return len(ids)


@transaction.atomic
def _reencrypt(authenticator_id: int) -> None:
    # Locked: a sign-in writes the step that it used into the same column.
    rows = Authenticator.objects.select_for_update().filter(id=authenticator_id)
    for authenticator in rows:
        for member in _MEMBERS & authenticator.data.keys():
            old = authenticator.data[member]
            authenticator.data[member] = (
                _cipher(tuple(settings.MFA_SECRETS)).rotate(old.encode()).decode()
            )
        authenticator.save(update_fields=["data"])


@cache
def _cipher(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    # The name is older than this module's place; another one would make other keys.
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"users.identity.mfa")
    return urlsafe_b64encode(derive.derive(secret.encode()))
