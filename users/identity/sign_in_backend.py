"""Passwords, checked with the same work for known and unknown addresses; and what staff may do."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.db.models import Q

from users.identity.models import User
from users.identity.selectors import sign_in_candidate


class AddressBackend(AuthenticationBackend):
    """
    allauth's backend, with one query to find the user; where there is none, it hashes in vain.

    allauth itself asks once or twice, depending on what it finds, which shows in the time. What
    somebody may do is one question as well, instead of Django's two: every page of the console
    asks it, and none may ask more than twelve.
    """

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """As Django's: `app.codename` of all that the person may do, alone or by a role."""
        if not user_obj.is_active or user_obj.is_superuser or obj is not None:
            everything: set[str] = super().get_all_permissions(user_obj, obj)
            return everything
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = _permissions(user_obj)  # noqa: SLF001  where Django keeps it
        kept: set[str] = user_obj._perm_cache  # noqa: SLF001  as above
        return kept

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        candidate = sign_in_candidate(address=email.lower())
        user: User | None = self._check_password(candidate, password)
        return user


def _permissions(user: User) -> set[str]:
    named = Permission.objects.filter(Q(user=user) | Q(group__user=user)).order_by()
    return {
        f"{app}.{codename}"
        for app, codename in named.values_list("content_type__app_label", "codename")
    }
