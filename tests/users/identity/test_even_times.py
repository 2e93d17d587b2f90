"""
Known and unknown addresses cannot be told apart by how long the answer takes (A15).

Both kinds take turns, so that whatever else the machine does slows both. The times are compared
by rank (Mann-Whitney), which does not mind outliers; a difference counts when it is seen twice.
`EVEN_SAMPLES` sets the number of each kind: few in the daily run, 1,000 for a verdict, which
`./manage_all.sh bench even_times` gives.

Passwords are hashed as in production, but with less work: what else differs stands out the more,
and a thousand of each take minutes.
"""

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator

import pytest
from allauth.account.internal.flows import password_reset
from django.contrib.auth.hashers import make_password
from rich.progress import track

from tests.factories.users import PASSWORD, UserFactory
from tests.passwords import QuickArgon2
from tests.users.conftest import AUTH
from users.identity import sign_up
from users.identity.models import User
from users.identity.sign_in_backend import AddressBackend

SAMPLES = int(os.environ.get("EVEN_SAMPLES", "20"))
ENOUGH = 400
"""Of each kind at most, to see what is plain also where the machine has other work."""
SEEN_EACH = 25
SEPARABLE = 4.0
"""
Standard deviations; by chance alone one comparison in 16,000 is beyond, and none twice.

With 1,000 of each it takes odds of 55 to 45 on which of two answers takes longer.
"""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120 + SAMPLES * 3)]


@pytest.fixture(autouse=True)
def as_in_production(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.PASSWORD_HASHERS = [f"{QuickArgon2.__module__}.{QuickArgon2.__qualname__}"]
    settings.EVEN_ANSWERS_S = 0.25
    UserFactory(email="known@example.com", password=make_password(PASSWORD))


def rank_z(first: list[float], second: list[float]) -> tuple[float, float]:
    """
    How two samples differ by rank (no ties).

    The chance that one of the first is above one of the second, and by how many standard
    deviations that is off a half.
    """
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    rank_sum = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    return u / (n * m), (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)


Times = tuple[list[float], list[float]]
Send = Callable[[], object]


def separation(known: Send, unknown: Send, samples: int, times: Times | None = None) -> float:
    """
    How far apart two kinds of requests are in time, by as many of each; 0 is alike.

    With `times` by those too, and they are told the new ones.
    """
    times = ([], []) if times is None else times
    for turn in track(range(samples * 2), description="known and unknown"):
        # known, unknown, unknown, known …: nobody always comes second.
        which = (turn + turn // 2) % 2
        began = time.perf_counter()
        (known, unknown)[which]()
        times[which].append(time.perf_counter() - began)
    above, z = rank_z(*times)
    medians = " and ".join(f"{statistics.median(each) * 1000:.2f}" for each in times)
    print(
        f"{len(times[0])} of each, medians {medians} ms: a known one takes longer with a chance of"
        f" {above:.3f}, {z:+.2f} standard deviations off"
    )
    return abs(z)


def is_separable(known: Send, unknown: Send) -> bool:
    return all(separation(known, unknown, SAMPLES) > SEPARABLE for _ in range(2))


def is_seen(known: Send, unknown: Send) -> bool:
    """Whether a difference that is there is seen at last; the more noise, the more it takes."""
    times: Times = ([], [])
    return any(
        separation(known, unknown, SEEN_EACH, times) > SEPARABLE for _ in range(ENOUGH // SEEN_EACH)
    )


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

        assert is_seen(
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
        monkeypatch.setattr(sign_up, "user_register_in_vain", lambda **_: None)
        nobody = fresh()

        assert is_seen(
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

    def test_would_be_seen_to_tell(self, send, settings, monkeypatch):
        """Who returns early for nobody's address is seen, where answers are not held."""
        settings.EVEN_ANSWERS_S = 0.0
        monkeypatch.setattr(password_reset, "send_unknown_account_mail", lambda *_: None)
        nobody = fresh()

        assert is_seen(
            lambda: send("password/request", "known@example.com", 200),
            lambda: send("password/request", next(nobody), 200),
        )
