"""Second factors: set up, asked for, kept secret, and taken away by staff."""

from datetime import UTC, datetime
from functools import partial

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command

from common.staff.mfa_secrets import decrypt, encrypt
from tests.factories.users import PASSWORD, UserFactory
from tests.users.authenticators import authenticator_give, code_now, recovery_codes
from tests.users.conftest import AUTH
from tests.users.racing import race
from users.identity.models import LoginEvent, TokenFamily, User

LOGIN = f"{AUTH}/auth/login"
STEP = f"{AUTH}/auth/2fa/authenticate"
AGAIN = f"{AUTH}/auth/2fa/reauthenticate"
REAUTHENTICATE = f"{AUTH}/auth/reauthenticate"
TOTP = f"{AUTH}/account/authenticators/totp"
CODES = f"{AUTH}/account/authenticators/recovery-codes"


@pytest.fixture
def clock():
    """A clock that stands still, so that a code is the same for as long as the test wants."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


class Person:
    """Somebody at their own client, as far as they have come with signing in."""

    def __init__(self, client, user) -> None:
        self.client, self.user, self.token = client, user, ""

    def call(self, method, path, **body):
        headers = {"X-Session-Token": self.token} if self.token else {}
        answer = getattr(self.client, method)(path, body or None, format="json", headers=headers)
        if answer.content and answer.status_code != 410:
            self.token = answer.json().get("meta", {}).get("session_token", self.token)
        return answer

    def login(self):
        return self.call("post", LOGIN, email=self.user.email, password=PASSWORD)

    def set_up(self):
        """Set up an authenticator, with the password shown again; its secret."""
        assert self.call("post", REAUTHENTICATE, password=PASSWORD).status_code == 200
        secret = self.call("get", TOTP).json()["meta"]["secret"]
        assert self.call("post", TOTP, code=code_now(secret)).status_code == 200
        return secret


@pytest.fixture
def person(anonymous, clock):
    return lambda user: Person(anonymous, user)


def told(user) -> list[str]:
    return list(user.login_events.order_by("id").values_list("type", flat=True))


@pytest.mark.django_db(transaction=True)
class TestSetUp:
    def test_needs_the_password_again(self, alice, person):
        alice_here = person(alice)
        alice_here.login()
        secret = alice_here.call("get", TOTP).json()["meta"]["secret"]

        answer = alice_here.call("post", TOTP, code=code_now(secret))

        assert answer.status_code == 401
        assert "reauthenticate" in str(answer.json()["data"]["flows"])
        assert not Authenticator.objects.exists()

    def test_gives_recovery_codes_once_and_tells_by_mail_and_in_the_trail(self, alice, person):
        EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=True)
        alice_here = person(alice)
        alice_here.login()
        alice_here.set_up()

        first = alice_here.call("get", CODES).json()["data"]
        second = alice_here.call("get", CODES).json()["data"]

        assert len(first["unused_codes"]) == 10
        assert "unused_codes" not in second
        assert [message.to for message in mail.outbox] == [["alice@example.com"]]
        assert told(alice)[1:] == ["mfa_added", "mfa_added"]

    def test_works_by_access_token_too(self, alice, person, anonymous):
        meta = person(alice).login().json()["meta"]
        headers = {"Authorization": f"Bearer {meta['access_token']}"}

        def send(path, body):
            return anonymous.post(path, body, format="json", headers=headers).status_code

        assert send(REAUTHENTICATE, {"password": PASSWORD}) == 200
        secret = anonymous.get(TOTP, headers=headers).json()["meta"]["secret"]
        assert send(TOTP, {"code": code_now(secret)}) == 200
        assert Authenticator.objects.filter(user=alice, type="totp").exists()

    def test_is_not_for_who_has_an_unverified_address(self, alice, person):
        EmailAddress.objects.create(user=alice, email=alice.email, primary=True, verified=False)
        alice_here = person(alice)
        alice_here.login()

        assert alice_here.call("get", TOTP).status_code == 409

    def test_ends_with_the_password_shown_again_only(self, alice, person, clock):
        alice_here = person(alice)
        alice_here.login()
        alice_here.set_up()
        clock.shift(301)

        assert alice_here.call("delete", TOTP).status_code == 401
        assert alice_here.call("post", CODES).status_code == 401
        alice_here.call("post", REAUTHENTICATE, password=PASSWORD)
        assert alice_here.call("post", CODES).status_code == 200
        assert alice_here.call("delete", TOTP).status_code == 200

        assert not Authenticator.objects.exists()
        assert told(alice)[-3:] == ["recovery_codes_made", "mfa_removed", "mfa_removed"]

    def test_keeps_another_address_out(self, alice, person):
        """Who has a second factor proves an address before it is theirs."""
        alice_here = person(alice)
        alice_here.login()
        alice_here.set_up()

        answer = alice_here.call("post", f"{AUTH}/account/email", email="other@example.com")

        assert answer.status_code == 400


@pytest.mark.django_db(transaction=True)
class TestSignIn:
    def test_gives_tokens_after_the_second_step_only(self, alice, person):
        secret = authenticator_give(alice)
        alice_here = person(alice)

        first = alice_here.login()
        assert first.status_code == 401
        assert {"access_token", "refresh_token"}.isdisjoint(first.json()["meta"])
        assert not TokenFamily.objects.exists()
        second = alice_here.call("post", STEP, code=code_now(secret))

        assert second.status_code == 200
        assert {"access_token", "refresh_token"} <= second.json()["meta"].keys()
        assert told(alice) == ["mfa_passed", "signed_in"]

    def test_takes_a_code_once(self, alice, person, clock):
        secret = authenticator_give(alice)
        code = code_now(secret)
        for expected, shift in ((200, 0), (400, 0), (400, 31), (400, 31)):
            clock.shift(shift)
            here = person(alice)
            here.login()
            assert here.call("post", STEP, code=code).status_code == expected
        here = person(alice)
        here.login()
        assert here.call("post", STEP, code=code_now(secret)).status_code == 200

    def test_takes_no_code_older_than_the_one_that_was_used(self, alice, person, clock):
        secret = authenticator_give(alice)
        older = code_now(secret)
        clock.shift(30)
        newer = code_now(secret)
        for expected, code in ((200, newer), (400, older)):
            here = person(alice)
            here.login()
            assert here.call("post", STEP, code=code).status_code == expected

    def test_does_not_take_the_code_that_set_it_up(self, alice, person):
        here = person(alice)
        here.login()
        secret = here.set_up()
        other = person(alice)
        other.login()

        assert other.call("post", STEP, code=code_now(secret)).status_code == 400

    def test_takes_a_code_once_of_many_uses_at_one_moment(self, alice, person, settings):
        settings.ACCOUNT_RATE_LIMITS = False
        secret = authenticator_give(alice)
        everywhere = [person(alice) for _ in range(6)]
        for here in everywhere:
            here.login()
        code = code_now(secret)

        answers = race([partial(here.call, "post", STEP, code=code) for here in everywhere])

        assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5

    def test_takes_each_recovery_code_once(self, alice, person):
        authenticator_give(alice)
        code, *_ = recovery_codes(alice)
        for expected in (200, 400):
            here = person(alice)
            here.login()
            assert here.call("post", STEP, code=code).status_code == expected

    @pytest.mark.parametrize("code", ["", "000000x", "0" * 100, None, 123456, ["1"]])
    def test_refuses_what_is_no_code(self, alice, person, code):
        authenticator_give(alice)
        here = person(alice)
        here.login()

        assert here.call("post", STEP, code=code).status_code == 400

    def test_cannot_be_guessed_for_long(self, alice, person, settings):
        settings.ACCOUNT_RATE_LIMITS = {"login_failed": "100/m/ip,3/5m/key"}
        secret = authenticator_give(alice)
        here = person(alice)
        here.login()
        wrong = "000000" if code_now(secret) != "000000" else "000001"
        answers = [here.call("post", STEP, code=wrong).json() for _ in range(4)]

        codes = [answer["errors"][0]["code"] for answer in answers]
        assert codes == ["incorrect_code"] * 3 + ["too_many_login_attempts"]
        assert here.call("post", STEP, code=code_now(secret)).status_code == 400
        assert told(alice) == ["mfa_failed"] * 3

    def test_needs_the_first_step(self, person, alice):
        secret = authenticator_give(alice)

        assert person(alice).call("post", STEP, code=code_now(secret)).status_code == 401

    def test_can_be_shown_again(self, alice, person, clock):
        secret = authenticator_give(alice)
        here = person(alice)
        here.login()
        here.call("post", STEP, code=code_now(secret))

        assert here.call("post", AGAIN, code=code_now(secret)).status_code == 400
        clock.shift(30)
        assert here.call("post", AGAIN, code=code_now(secret)).status_code == 200
        assert here.call("delete", TOTP).status_code == 200


@pytest.mark.django_db(transaction=True)
class TestStaff:
    @pytest.fixture(autouse=True)
    def required(self, settings):
        settings.STAFF_MFA_REQUIRED = True

    def test_without_one_get_no_tokens_but_may_set_one_up(self, person, clock):
        staff = UserFactory(staff=True)
        here = person(staff)

        answer = here.login()
        assert answer.status_code == 200
        assert {"access_token", "refresh_token"}.isdisjoint(answer.json()["meta"])
        assert not TokenFamily.objects.exists()
        secret = here.set_up()

        clock.shift(30)
        later = person(staff)
        assert later.login().status_code == 401
        answer = later.call("post", STEP, code=code_now(secret))
        assert {"access_token", "refresh_token"} <= answer.json()["meta"].keys()

    def test_cannot_take_theirs_away(self, person):
        here = person(UserFactory(staff=True))
        here.login()
        here.set_up()

        answer = here.call("delete", TOTP)

        assert answer.status_code == 409
        assert answer.json()["errors"][0]["code"] == "cannot_delete_authenticator"
        assert Authenticator.objects.filter(type="totp").exists()

    def test_lose_the_tokens_that_they_had_before_they_were_staff(self, alice, person, anonymous):
        token = person(alice).login().json()["meta"]["refresh_token"]
        User.objects.filter(id=alice.id).update(is_staff=True)

        answer = anonymous.post(f"{AUTH}/tokens/refresh", {"refresh_token": token}, format="json")

        assert answer.status_code == 400

    def test_are_others_than_everybody(self, alice, person):
        assert "access_token" in person(alice).login().json()["meta"]


@pytest.mark.django_db(transaction=True)
class TestSecrets:
    def test_are_nowhere_in_the_clear(self, alice):
        secret = authenticator_give(alice)
        codes = recovery_codes(alice)

        kept = str(list(Authenticator.objects.values()))

        assert secret not in kept
        assert not [code for code in codes if code in kept]
        assert decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret

    def test_may_change_what_encrypts_them(self, alice, settings):
        secret = authenticator_give(alice)
        codes = recovery_codes(alice)
        old = settings.MFA_SECRETS
        settings.MFA_SECRETS = ["another-secret-" + "n" * 40, *old]
        assert recovery_codes(alice) == codes

        call_command("reencrypt_mfa_secrets")
        call_command("reencrypt_mfa_secrets")

        settings.MFA_SECRETS = settings.MFA_SECRETS[:1]
        assert decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret
        assert recovery_codes(alice) == codes
        settings.MFA_SECRETS = old
        with pytest.raises(CommandError, match="none of"):
            call_command("reencrypt_mfa_secrets")

    def test_of_others_are_not_read(self, settings):
        sealed = encrypt("x")
        settings.MFA_SECRETS = ["another-secret-" + "n" * 40]

        with pytest.raises(InvalidToken):
            decrypt(sealed)


@pytest.mark.django_db(transaction=True)
class TestReset:
    def test_removes_all_of_it_and_ends_every_session(self, alice, person, anonymous):
        secret = authenticator_give(alice)
        here = person(alice)
        here.login()
        meta = here.call("post", STEP, code=code_now(secret)).json()["meta"]

        call_command("reset_mfa", "ALICE@example.com", "--reason", "lost it", "--actor", "carol")

        assert not Authenticator.objects.exists()
        token = {"refresh_token": meta["refresh_token"]}
        assert anonymous.post(f"{AUTH}/tokens/refresh", token, format="json").status_code == 400
        assert here.call("get", f"{AUTH}/auth/session").status_code == 410
        assert TokenFamily.objects.get().end_reason == "mfa_reset"
        event = LoginEvent.objects.latest("id")
        assert (event.type, event.actor, event.reason) == ("mfa_reset", "staff:carol", "lost it")
        assert mail.outbox[-1].to == ["alice@example.com"]
        assert person(alice).login().status_code == 200

    def test_ends_a_session_of_the_console(self, alice, client):
        client.force_login(alice)
        call_command("reset_mfa", alice.email, "--reason", "lost it")

        assert Session.objects.exists()
        assert client.get("/admin/").status_code == 302

    def test_needs_a_reason_and_somebody(self, alice):
        with pytest.raises(CommandError, match="reason"):
            call_command("reset_mfa", alice.email)
        with pytest.raises(CommandError, match="no user"):
            call_command("reset_mfa", "nobody@example.com", "--reason", "x")
        assert not LoginEvent.objects.exists()
