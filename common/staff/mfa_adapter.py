"""How allauth's second factors are kept: encrypted, under keys that no other secret gives away."""

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from common.staff.mfa_secrets import decrypt, encrypt


class MFAAdapter(DefaultMFAAdapter):
    """Encrypts secrets at rest, and keeps staff from losing what they must have."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not (settings.STAFF_MFA_REQUIRED and authenticator.user.is_staff)
