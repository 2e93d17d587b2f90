"""The way into the console of users; authenticators are set up by the API: docs/identity.md."""

from allauth.account.internal.flows import password_change
from allauth.core import context

from common.adminkit import AdminOwnPasswordChangeForm
from common.staff.sign_in import ConsoleSignInForm
from users.identity.emails import AddressInvalid, email_canonical
from users.identity.models import User


class AddressSignInForm(ConsoleSignInForm):
    """People of users are named by their address, however they write it."""

    without_one = "Set one up through the API first."

    def credentials(self, name: str) -> dict[str, str]:
        try:
            return {"email": email_canonical(name)}
        except AddressInvalid:
            return {"email": name}


class ConsolePasswordForm(AdminOwnPasswordChangeForm):
    """Changes one's own password as the API does: told by mail and trail, other sign-ins over."""

    def save(self, commit: bool = True) -> User:  # noqa: ARG002, FBT001, FBT002  Django's signature
        password_change.change_password(self.user, self.cleaned_data["new_password1"])
        password_change.finalize_password_change(context.request, self.user)
        user: User = self.user
        return user
