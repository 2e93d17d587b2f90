"""
Known and unknown addresses cannot be told apart by how long the answer takes (A15).

Both kinds take turns, so that whatever else the machine does slows both. The times are compared
by rank (Mann-Whitney), which does not mind outliers; a difference counts when it is seen twice.
`EVEN_SAMPLES` sets the number of each kind (1,000 for a verdict, fewer in the daily run).
"""

import math
import os
import time
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.hashers import make_password

from tests.factories.users import PASSWORD, UserFactory
from tests.users.conftest import AUTH
from users.identity import sign_up
from users.identity.models import User
from users.identity.sign_in_backend import AddressBackend

SAMPLES = int(os.environ.get("EVEN_SAMPLES", "15"))
SEPARABLE = 4.0
"""Standard deviations; by chance alone one comparison in 16,000 is beyond, and none twice."""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120 + SAMPLES * 3)]


@pytest.fixture(autouse=True)
def as_in_production(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    settings.EVEN_ANSWERS_S = 0.25
    UserFactory(email="known@example.com", password=make_password(PASSWORD))


def rank_z(first: list[float], second: list[float]) -> float:
    """By how many standard deviations the ranks of two samples differ (no ties)."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    rank_sum = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    return (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


def separation(known: Callable[[], object], unknown: Callable[[], object]) -> float:
    """How far apart two kinds of requests are in time; 0 is alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(SAMPLES * 2):
        # known, unknown, unknown, known …: nobody always comes second.
        which = (turn + turn // 2) % 2
        began = time.perf_counter()
        (known, unknown)[which]()
        times[which].append(time.perf_counter() - began)
    return abs(rank_z(*times))


def is_separable(known: Callable[[], object], unknown: Callable[[], object]) -> bool:
    return all(separation(known, unknown) > SEPARABLE for _ in range(2))


def fresh() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"nobody-{number}@example.com"


@pytest.fixture
def send(anonymous):
    statuses: set[int] = set()

    def post(route, email, expected, **members):
        body = {"email": email, **members}
        answer = anonymous.post(f"{AUTH}/auth/{route}", body, format="json")
        statuses.add(answer.status_code)
        assert statuses == {expected}, answer.content

    return post


class TestLogin:
    @pytest.mark.parametrize("who", ["active", "suspended", "without a password"])
    def test_does_not_tell(self, send, who):
        if who == "suspended":
            User.objects.update(status="suspended")
        if who == "without a password":
            User.objects.update(password=make_password(None))
        nobody = fresh()

        assert not is_separable(
            lambda: send("login", "known@example.com", 400, password="wrong"),
            lambda: send("login", next(nobody), 400, password="wrong"),
        )

    def test_would_be_seen_to_tell(self, send, monkeypatch):
        """The test itself: without the hash in vain, it fails."""
        monkeypatch.setattr(AddressBackend, "_mitigate_timing_attack", lambda *_: None)
        nobody = fresh()

        assert is_separable(
            lambda: send("login", "known@example.com", 400, password="wrong"),
            lambda: send("login", next(nobody), 400, password="wrong"),
        )


class TestSignUp:
    def test_does_not_tell(self, send):
        nobody = fresh()

        assert not is_separable(
            lambda: send("signup", "known@example.com", 401, password=PASSWORD),
            lambda: send("signup", next(nobody), 401, password=PASSWORD),
        )

    def test_would_be_seen_to_tell(self, send, settings, monkeypatch):
        settings.EVEN_ANSWERS_S = 0.0
        monkeypatch.setattr(sign_up, "make_password", lambda _: "")
        nobody = fresh()

        assert is_separable(
            lambda: send("signup", "known@example.com", 401, password=PASSWORD),
            lambda: send("signup", next(nobody), 401, password=PASSWORD),
        )


class TestPasswordRequest:
    def test_does_not_tell(self, send):
        nobody = fresh()

        assert not is_separable(
            lambda: send("password/request", "known@example.com", 200),
            lambda: send("password/request", next(nobody), 200),
        )
