"""Every page and action of the transactions console and everybody."""

from typing import ClassVar

import pytest
from django.contrib.auth.models import Group

from common.staff.roles import Role
from tests.common.staff.matrix import ANYBODY
from tests.common.staff.matrix_tests import PermissionMatrix
from tests.factories.transactions import StaffFactory


@pytest.mark.django_db
class TestTransactionsConsole(PermissionMatrix):
    others: ClassVar[dict[str, str]] = {
        "auth_user_assign_roles": "staff.assign_roles",
        "auth_user_lock": "staff.assign_roles",
        "auth_user_unlock": "staff.assign_roles",
        "ledger_account_close": "ledger.close_account",
        "ledger_account_freeze": "ledger.freeze_account",
        "ledger_account_statement": "ledger.view_account",
        "ledger_account_trial_balance": "ledger.view_account",
        "ledger_account_unfreeze": "ledger.freeze_account",
        "sign-on": ANYBODY,
        "sign-on-callback": ANYBODY,
    }

    @pytest.fixture
    def make(self):
        def person(name):
            user = StaffFactory(is_staff=name != "customer", is_superuser=name == "superuser")
            if name in list(Role):
                user.groups.add(Group.objects.get(name=name))
            return user

        return person
