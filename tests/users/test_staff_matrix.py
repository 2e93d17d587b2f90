"""Every page and action of the users console and everybody."""

from typing import ClassVar

import pytest
from django.contrib.auth.models import Group

from common.staff.roles import Role
from tests.common.staff.matrix import STAFF
from tests.common.staff.matrix_tests import PermissionMatrix
from tests.factories.users import UserFactory

_DECIDE = "submissions.decide_proposal"


@pytest.mark.django_db
class TestUsersConsole(PermissionMatrix):
    others: ClassVar[dict[str, str]] = {
        "identity_user_assign_roles": "staff.assign_roles",
        "identity_user_close": "identity.close_user",
        "identity_user_end_sessions": "identity.end_user_sessions",
        "identity_user_reinstate": "identity.reinstate_user",
        "identity_user_reset_mfa": "identity.reset_user_mfa",
        "identity_user_suspend": "identity.suspend_user",
        "submissions_commandproposal_approve": _DECIDE,
        "submissions_commandproposal_refuse": _DECIDE,
        "submissions_commandproposal_withdraw": _DECIDE,
        "submissions_transactionrequest_reverse": "submissions.reverse_transaction",
        "submissions_transactionrequest_void": "submissions.void_transaction",
        "sign-on-authorize": STAFF,
    }

    @pytest.fixture
    def make(self):
        def person(name):
            user = UserFactory(is_staff=name != "customer", is_superuser=name == "superuser")
            if name in list(Role):
                user.groups.add(Group.objects.get(name=name))
            return user

        return person
