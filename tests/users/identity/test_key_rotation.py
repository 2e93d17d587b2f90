"""One signing key after another: published before it signs, and as long as its tokens live."""

from datetime import timedelta
from functools import partial

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from common.api.authentication import token_verify
from common.ids import uuid7
from tests.factories.users import UserFactory
from tests.users.racing import race
from users.identity import tasks
from users.identity.key_rotation import (
    key_make,
    key_standings,
    signing_key_retire,
    signing_key_rotate,
)
from users.identity.signing_keys import keys_read
from users.identity.tokens import access_token_issue

SECOND = timedelta(seconds=1)


@pytest.fixture
def folder(settings, tmp_path):
    """A folder with one key, which began to sign long ago."""
    settings.SIGNING_KEYS_DIR = str(tmp_path / "keys")
    (tmp_path / "keys").mkdir()
    key_make(signs_from=timezone.now() - timedelta(days=90))
    return tmp_path / "keys"


def kid_at(at) -> str:
    keys_read()
    token = access_token_issue(user=UserFactory.build(), session_id=uuid7(), at=at)
    return jwt.get_unverified_header(token)["kid"]


def states(at) -> list[str]:
    return [standing.state for standing in key_standings(at=at)]


@pytest.mark.usefixtures("folder")
class TestRotation:
    def test_publishes_a_key_before_it_signs(self, settings):
        settings.SIGNING_KEY_ANNOUNCE_S = 120
        now = timezone.now()

        signing_key_rotate(at=now)

        old, new = keys_read()
        assert states(now) == ["signing", "announced"]
        assert kid_at(now + 119 * SECOND) == old.kid
        assert kid_at(now + 120 * SECOND) == new.kid
        assert states(now + 120 * SECOND) == ["verifying", "signing"]

    def test_keeps_the_old_key_until_its_last_token_has_expired(self, folder, settings):
        settings.SIGNING_KEY_ANNOUNCE_S = 120
        now = timezone.now()
        signing_key_rotate(at=now)
        last = now + 120 * SECOND
        expires = last + settings.ACCESS_TOKEN_LIFETIME_S * SECOND

        for at in (now, last, expires, expires + 59 * SECOND):
            assert signing_key_retire(at=at) is None
        assert signing_key_retire(at=expires + 60 * SECOND) is not None
        assert signing_key_retire(at=expires + 61 * SECOND) is None

        assert states(expires + 61 * SECOND) == ["signing"]
        assert len(list(folder.glob("*.pem"))) == 1

    def test_may_be_asked_for_twice(self):
        now = timezone.now()
        made = signing_key_rotate(at=now)

        assert signing_key_rotate(at=now + SECOND) is None
        assert signing_key_rotate(at=now + timedelta(seconds=400)) is None
        assert [key.path for key in keys_read()][1:] == [made]

        later = now + timedelta(days=1)
        assert signing_key_rotate(at=later) is not None
        assert len(keys_read()) == 2

    def test_follows_a_key_of_any_name(self, folder):
        """A name that is no time comes after every time in the alphabet, and before it in turn."""
        (old,) = folder.glob("*.pem")
        old.rename(folder / "main.pem")
        now = timezone.now()
        made = signing_key_rotate(at=now)
        later = now + timedelta(days=1)

        assert states(now) == ["signing", "announced"]
        assert states(later) == ["verifying", "signing"]
        signing_key_retire(at=later)
        assert [key.path for key in keys_read()] == [made]

    def test_of_many_at_once_makes_one_key(self):
        made = race([partial(signing_key_rotate, at=timezone.now())] * 6)

        assert len([path for path in made if path]) == 1
        assert len(keys_read()) == 2

    def test_refuses_no_token_at_any_time(self, settings):
        settings.SIGNING_KEY_ANNOUNCE_S = 1
        now = timezone.now()
        tokens = [access_token_issue(user=UserFactory.build(), session_id=uuid7(), at=now)]
        signing_key_rotate(at=now)
        keys_read()  # what a process does on its own within seconds
        tokens.append(
            access_token_issue(user=UserFactory.build(), session_id=uuid7(), at=now + 2 * SECOND)
        )

        assert len({jwt.get_unverified_header(token)["kid"] for token in tokens}) == 2
        for token in tokens:
            assert token_verify(token)

    def test_is_finished_by_housekeeping(self):
        assert tasks.signing_key_retire() is False
        signing_key_rotate(at=timezone.now() - timedelta(hours=1))

        assert tasks.signing_key_retire() is True
        assert len(keys_read()) == 1


class TestCommand:
    def test_says_how_far_it_has_come(self, folder, capsys):
        call_command("rotate_signing_key", "--status")
        assert len(list(folder.glob("*.pem"))) == 1
        call_command("rotate_signing_key")
        call_command("rotate_signing_key")

        shown = capsys.readouterr().out
        assert "signing" in shown
        assert "announced 2" in shown
        assert "under way" in shown
        assert len(list(folder.glob("*.pem"))) == 2

    def test_needs_a_key_to_follow(self, settings, tmp_path):
        settings.SIGNING_KEYS_DIR = str(tmp_path)

        with pytest.raises(CommandError, match="create_signing_key"):
            call_command("rotate_signing_key")
        settings.SIGNING_KEYS_DIR = str(tmp_path / "nowhere")
        with pytest.raises(CommandError, match="create_signing_key"):
            call_command("rotate_signing_key", "--status")
