"""What a newcomer needs once everything is up: where to go and as whom."""

from rich.table import Table

from compose.local import credentials
from compose.local.environment import stack_environment
from compose.local.stack import Stack
from compose.local.terminal import progress

ROLES = {
    "alice": "a user",
    "bob": "a user",
    "treasury": "role treasury: may deposit",
    "admin": "staff who may do everything, both consoles",
    **dict.fromkeys(credentials.DEMO_STAFF, "staff with this role, both consoles"),
}


def show(stack: Stack) -> None:
    """Print the URLs and the demo logins."""
    progress.print()
    progress.print(_places(stack))
    progress.print()
    progress.print(_logins(stack))


def _places(stack: Stack) -> Table:
    table = Table("where", "URL", box=None, pad_edge=False)
    users, transactions = stack.url("users-web"), stack.url("transactions-web")
    table.add_row("public API (gateway)", f"{stack.url('gateway')}/api/v1")
    table.add_row("users: API pages", f"{stack.url('gateway')}/users/docs")
    table.add_row("transactions: API pages", f"{stack.url('gateway')}/transactions/docs")
    table.add_row("users: console", f"{users}/admin/")
    table.add_row("transactions: console", f"{transactions}/admin/")
    return table


def _logins(stack: Stack) -> Table:
    table = Table("demo login", "password", "what", box=None, pad_edge=False)
    values = stack_environment(stack)
    for account in credentials.DEMO_ACCOUNTS:
        password = values[f"DEMO_{account.upper()}_PASSWORD"]
        table.add_row(f"{account}@example.com", password, ROLES[account])
    return table
