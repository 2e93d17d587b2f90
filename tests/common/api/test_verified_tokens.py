"""What is remembered of good tokens, and for how long."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from rest_framework.exceptions import AuthenticationFailed

from common.api import verified_tokens
from common.api.authentication import token_verify
from common.api.verified_tokens import Verified, VerifiedTokens
from common.ids import uuid7
from tests.factories.users import UserFactory
from tests.users.conftest import (  # noqa: F401  fixtures
    signing_key_pem,
    signing_keys,
    signing_keys_of_all,
)
from users.identity.tokens import access_token_issue

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def verified(*, good_for_s: float = 60.0) -> Verified[str]:
    return Verified("alice", kid="1", key=object(), good_until=time.time() + good_for_s)


class TestVerifiedTokens:
    def test_know_a_token_until_its_time_is_over(self):
        tokens: VerifiedTokens[str] = VerifiedTokens()
        tokens.keep("good", verified())
        tokens.keep("over", verified(good_for_s=0))

        assert tokens.find("good").principal == "alice"
        assert tokens.find("over") is None
        assert tokens.find("other") is None

    def test_forget_the_first_when_there_are_too_many(self, monkeypatch):
        monkeypatch.setattr(verified_tokens, "_KEPT_MAX", 2)
        tokens: VerifiedTokens[str] = VerifiedTokens()
        for token in ("first", "second", "second", "third"):
            tokens.keep(token, verified())

        found = [token for token in ("first", "second", "third") if tokens.find(token)]
        assert found == ["second", "third"]


@pytest.mark.usefixtures("signing_keys")
class TestTokenVerify:
    def test_refuses_a_token_that_it_knows_once_its_time_is_over(self):
        with time_machine.travel(NOW, tick=False) as clock:
            user = UserFactory.build()
            token = access_token_issue(user=user, session_id=uuid7(), at=NOW)

            assert token_verify(token) == token_verify(token)

            clock.shift(timedelta(seconds=304))
            assert token_verify(token).user_id == user.id  # leeway

            clock.shift(timedelta(seconds=1))
            with pytest.raises(AuthenticationFailed):
                token_verify(token)
