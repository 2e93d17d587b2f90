"""The way into the console of transactions for accounts of its own."""

from common.staff.sign_in import ConsoleSignInForm


class LocalSignInForm(ConsoleSignInForm):
    """Accounts of this console; `manage.py staff_authenticator` gives them second factors."""

    without_one = "Have an operator run `manage.py staff_authenticator` for you first."

    def credentials(self, name: str) -> dict[str, str]:
        return {"username": name}
