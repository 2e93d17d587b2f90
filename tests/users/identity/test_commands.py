"""The commands that the local run and its demonstrations use."""

import jwt
import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from common.outbox.models import OutboxMessage, OutboxStream
from common.staff.groups import roles_of
from common.staff.roles import Role
from tests.factories.users import PASSWORD, UserFactory
from tests.users.conftest import AUTH
from users.identity.models import User

pytestmark = pytest.mark.django_db

STAFF = ("admin", *Role)
NAMES = ("alice", "bob", "treasury", *STAFF)


@pytest.fixture
def passwords(monkeypatch) -> None:
    for name in NAMES:
        monkeypatch.setenv(f"DEMO_{name.upper()}_PASSWORD", f"{PASSWORD} of {name}")


@pytest.mark.usefixtures("passwords")
class TestSeedDemo:
    def test_makes_the_accounts_through_the_services(self, anonymous):
        call_command("seed_demo")

        users = {user.email: user for user in User.objects.all()}
        assert set(users) == {f"{name}@example.com" for name in NAMES}
        assert users["treasury@example.com"].role == "treasury"
        staff = {user.email: user for user in users.values() if user.is_staff}
        assert set(staff) == {f"{name}@example.com" for name in STAFF}
        assert [user.email for user in users.values() if user.is_superuser] == ["admin@example.com"]
        assert {role: roles_of(staff[f"{role}@example.com"]) for role in Role} == {
            role: [role] for role in Role
        }
        assert {user.status for user in users.values()} == {"active"}
        assert OutboxStream.objects.filter(accepting=True, last_sequence=1).count() == 8
        assert set(OutboxMessage.objects.values_list("type", "actor")) == {
            ("user_registered.v1", "system:seed_demo")
        }
        assert EmailAddress.objects.filter(verified=True, primary=True).count() == 8
        body = {"email": "bob@example.com", "password": f"{PASSWORD} of bob"}
        assert anonymous.post(f"{AUTH}/auth/login", body, format="json").status_code == 200

    def test_changes_nothing_the_second_time(self):
        call_command("seed_demo")
        before = list(User.objects.order_by("id").values())
        call_command("seed_demo")

        assert list(User.objects.order_by("id").values()) == before
        assert OutboxMessage.objects.count() == EmailAddress.objects.count() == 8

    def test_needs_every_password_before_it_begins(self, monkeypatch):
        monkeypatch.delenv("DEMO_ADMIN_PASSWORD")

        with pytest.raises(CommandError, match="DEMO_ADMIN_PASSWORD"):
            call_command("seed_demo")
        assert not User.objects.exists()


class TestCreateStaff:
    def test_makes_an_account_that_may_enter_the_console(self, monkeypatch, client):
        monkeypatch.setenv("STAFF_PASSWORD", f"{PASSWORD} of staff")

        call_command("create_staff", "Night@Example.com", "--role", "operator")

        user = User.objects.get(email="night@example.com")
        assert user.is_staff
        assert not user.is_superuser
        assert roles_of(user) == ["operator"]
        assert OutboxMessage.objects.get().actor == "system:create_staff"
        assert client.login(email=user.email, password=f"{PASSWORD} of staff")
        assert client.get("/admin/").status_code == 200

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("nobody", f"{PASSWORD} of staff"),
            ("night@example.com", "12345"),
            ("a@[127.0.0.1]", PASSWORD),
        ],
    )
    def test_refuses_what_could_not_sign_in(self, monkeypatch, email, password):
        monkeypatch.setenv("STAFF_PASSWORD", password)

        with pytest.raises(CommandError):
            call_command("create_staff", email, "--superuser")
        assert not User.objects.exists()

    def test_needs_to_know_what_they_may_do(self, monkeypatch):
        monkeypatch.setenv("STAFF_PASSWORD", f"{PASSWORD} of staff")

        with pytest.raises(CommandError, match="--role is needed"):
            call_command("create_staff", "night@example.com")
        assert not User.objects.exists()

    def test_refuses_an_address_that_is_taken(self, monkeypatch):
        monkeypatch.setenv("STAFF_PASSWORD", f"{PASSWORD} of staff")
        call_command("create_staff", "night@example.com", "--superuser")

        with pytest.raises(CommandError, match="night@example"):
            call_command("create_staff", "night@example.com", "--superuser")


class TestIssueToken:
    def test_prints_a_token_that_works(self, alice, anonymous, capsys):
        call_command("issue_token", "Alice@Example.com")

        token = capsys.readouterr().out.strip()
        assert jwt.decode(token, options={"verify_signature": False})["sub"] == str(alice.id)
        headers = {"Authorization": f"Bearer {token}"}
        assert anonymous.get("/api/v1/users/me", headers=headers).status_code == 200

    def test_is_for_local_settings_only(self, alice, settings):
        settings.ALLOW_ISSUING_TOKENS = False

        with pytest.raises(CommandError, match="do not allow"):
            call_command("issue_token", alice.email)

    @pytest.mark.parametrize("email", ["nobody@example.com", "nonsense"])
    def test_needs_somebody(self, email):
        with pytest.raises(CommandError, match=email):
            call_command("issue_token", email)

    def test_needs_somebody_active(self):
        user = UserFactory(status="suspended")

        with pytest.raises(CommandError, match="no active user"):
            call_command("issue_token", user.email)
