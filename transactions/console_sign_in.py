"""The way into the console of transactions for accounts of its own."""

from django.conf import settings
from django.urls import reverse

from common.staff.sign_in import ConsoleSignInForm


class LocalSignInForm(ConsoleSignInForm):
    """Accounts of this console; `manage.py staff_authenticator` gives them second factors."""

    without_one = "Have an operator run `manage.py staff_authenticator` for you first."

    @property
    def sign_on_url(self) -> str:
        """Where the users console lets staff in; empty where nobody knows it."""
        return reverse("sign-on") if settings.TWIN_CONSOLE_URL else ""

    def credentials(self, name: str) -> dict[str, str]:
        return {"username": name}
