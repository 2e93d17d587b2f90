"""Passwords, checked with the same work for known and unknown addresses."""

from allauth.account.auth_backends import AuthenticationBackend

from users.identity.models import User
from users.identity.selectors import sign_in_candidate


class AddressBackend(AuthenticationBackend):
    """
    allauth's backend, with one query to find the user; where there is none, it hashes in vain.

    allauth itself asks once or twice, depending on what it finds, which shows in the time.
    """

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        candidate = sign_in_candidate(address=email.lower())
        user: User | None = self._check_password(candidate, password)
        return user
