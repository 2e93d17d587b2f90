"""What the database refuses about people."""

import pytest
from django.db import IntegrityError

from tests.factories.users import UserFactory
from users.identity.models import User

pytestmark = pytest.mark.django_db


class TestUser:
    @pytest.mark.parametrize(
        ("members", "constraint"),
        [
            ({"email": "Alice@example.com"}, "user_email_canonical"),
            ({"status": "happy"}, "user_status_known"),
            ({"role": "admin"}, "user_role_known"),
        ],
    )
    def test_breaks_no_rule(self, members, constraint):
        with pytest.raises(IntegrityError, match=constraint):
            UserFactory(**members)

    def test_shares_no_address(self):
        UserFactory(email="alice@example.com")

        with pytest.raises(IntegrityError, match="user_email_once"):
            UserFactory(email="alice@example.com")

    def test_is_found_by_any_spelling(self):
        user = UserFactory(email="alice@example.com")

        assert User.objects.get_by_natural_key("ALICE@example.com") == user

    @pytest.mark.parametrize("status", User.Status.values)
    def test_is_active_only_while_active(self, status):
        assert UserFactory(status=status).is_active is (status == "active")
