"""
Makes the clients of the intake bench, and signs them in.

`python -m tests.bench.intake_people COUNT` with the environment of the users service prints an id
and a new access token of each on a line, the treasury's first. Accounts are made through the
ordinary service, with a cheap password hash: nobody logs in with it.
"""

import sys
from collections.abc import Iterator

import django


def main(count: int) -> None:
    """Print the treasury and so many people."""
    django.setup()
    from django.utils import timezone  # noqa: PLC0415  needs the configured applications

    from common.ids import uuid7  # noqa: PLC0415  as above
    from users.identity.tokens import access_token_issue  # noqa: PLC0415  as above

    now = timezone.now()
    for user in _people(count, now):
        print(user.id, access_token_issue(user=user, session_id=uuid7(), at=now))


def _people(count: int, now) -> Iterator:
    from django.conf import settings  # noqa: PLC0415  needs the configured applications

    from common.ids import uuid7  # noqa: PLC0415  as above
    from users.identity.models import User  # noqa: PLC0415  as above
    from users.identity.services import user_register  # noqa: PLC0415  as above

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield User.objects.get(email="treasury@example.com")
    known = {user.email: user for user in User.objects.filter(email__startswith="bench-")}
    for number in range(count):
        email = f"bench-{number}@example.com"
        yield known.get(email) or user_register(
            email=email,
            password=str(uuid7()),
            status=User.Status.ACTIVE,
            at=now,
            correlation_id=f"bench-{number}",
        )


if __name__ == "__main__":
    main(int(sys.argv[1]))
