"""The console of the users service: for staff, to look at."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from common.ids import uuid7
from common.reconciliation.models import PeerCursor
from tests.factories.users import (
    NOON,
    PASSWORD,
    TransactionCommandFactory,
    TransactionRequestFactory,
    UserFactory,
)
from users.identity.lifecycle import By, user_suspend
from users.identity.models import TokenFamily, User
from users.ledger_seals.models import SealConflict
from users.submissions.models import TransactionCommand, TransactionRequest, UnclaimedOutcome

pytestmark = pytest.mark.django_db

OURS = [User, TokenFamily, TransactionRequest, TransactionCommand]


@pytest.fixture
def staff(client):
    user = UserFactory(staff=True)
    client.force_login(user)
    return client


def change_page(row) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


class TestLogin:
    def enter(self, client, user, **members):
        body = {"username": user.email, "password": PASSWORD, **members}
        return client.post("/admin/login/?next=/admin/", body)

    def test_takes_e_mail_and_password_of_staff(self, client):
        response = self.enter(client, UserFactory(staff=True))

        assert response.status_code == 302
        assert "users_session" in response.cookies
        assert client.get("/admin/").status_code == 200

    def test_takes_any_spelling_of_the_address(self, client):
        UserFactory(staff=True, email="staff@example.com")

        response = self.enter(client, UserFactory.build(email="STAFF@example.com"))

        assert response.status_code == 302

    @pytest.mark.parametrize(
        "members", [{}, {"staff": True, "status": "suspended"}, {"treasury": True}]
    )
    def test_lets_nobody_else_in(self, client, members):
        response = self.enter(client, UserFactory(**members))

        assert response.status_code == 200
        assert client.get("/admin/").status_code == 302

    def test_refuses_a_wrong_password(self, client):
        response = self.enter(client, UserFactory(staff=True), password="wrong")

        assert response.status_code == 200
        assert client.get("/admin/").status_code == 302


class TestPages:
    def test_show_every_list_with_rows_in_it(self, staff):
        TransactionRequestFactory(transfer=True, posted=True)
        TransactionCommandFactory(expiry=True)
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
            assert staff.get(reverse(name)).status_code == 200, name

    def test_say_in_a_list_without_rows_why_and_what_to_do(self, staff):
        page = reverse("admin:submissions_commandproposal_changelist")

        empty = staff.get(page).content.decode()
        left_out = staff.get(page, {"q": str(uuid7())}).content.decode()

        assert "What needs four eyes waits here for a colleague" in empty
        assert "Without search and filters" not in empty
        assert "Nothing fits" in left_out
        assert "Without search and filters" in left_out

    def test_show_on_the_home_page_what_a_restore_has_left(self, staff):
        quiet = staff.get("/admin/").content.decode()
        UnclaimedOutcome.objects.create(
            transaction_id=uuid7(), user_id=uuid7(), status="rejected", decided_at=NOON
        )
        PeerCursor.objects.create(stream=uuid7(), sequence=7, verdict="forked", seen_at=NOON)
        digests = {"previous": "0" * 64, "digest": "f" * 64}
        SealConflict.objects.create(number=1, entries=3, last_sequence=3, sealed_at=NOON, **digests)

        alarmed = staff.get("/admin/").content.decode()

        for title in ("Unclaimed outcomes", "Forked streams", "Seal conflicts"):
            assert title in quiet
        for word in ("unclaimed", "forked", "conflicting"):
            shown = re.compile(rf">[^<]*\b{word}\s*<")
            assert (shown.search(quiet), bool(shown.search(alarmed))) == (None, True)
        for name in (
            "submissions_unclaimedoutcome",
            "reconciliation_peercursor",
            "ledger_seals_sealconflict",
        ):
            assert staff.get(reverse(f"admin:{name}_changelist")).status_code == 200

    def test_show_amounts_for_people(self, staff):
        row = TransactionRequestFactory(amount=123456)

        for page in (reverse("admin:submissions_transactionrequest_changelist"), change_page(row)):
            assert "1,234.56 EUR" in staff.get(page).content.decode()

    def test_show_what_was_to_be_done_with_a_transaction(self, staff):
        applied = TransactionCommandFactory(applied=True, applied_amount=123)
        row = applied.transaction
        other = TransactionCommandFactory(
            transaction=row, type="reverse", reason="<b>wrong</b>", rejected=True
        )

        content = staff.get(change_page(row)).content.decode()

        for shown in (str(applied.id), str(other.id), "1.23 EUR", "exceeds_hold"):
            assert shown in content
        assert "&lt;b&gt;wrong&lt;/b&gt;" in content
        page = reverse("admin:submissions_transactioncommand_changelist")
        found = staff.get(page, {"q": str(row.id)}).content.decode()
        assert change_page(applied) in found
        assert change_page(other) in found

    @pytest.mark.parametrize("name", ["list", "page"])
    def test_ask_no_more_for_more_commands(self, staff, django_assert_max_num_queries, name):
        row = TransactionRequestFactory(hold=True)
        pages = {
            "list": reverse("admin:submissions_transactioncommand_changelist"),
            "page": change_page(row),
        }

        def ask(commands):
            for _ in range(commands):
                TransactionCommandFactory(transaction=row, requested_by=UserFactory())
            with django_assert_max_num_queries(40) as asked:
                assert staff.get(pages[name]).status_code == 200
            return len(asked)

        ask(1)
        assert ask(1) == ask(10)

    def test_ask_no_more_for_more_rows(self, staff, django_assert_max_num_queries):
        page = reverse("admin:submissions_transactionrequest_changelist")
        TransactionRequestFactory.create_batch(2, transfer=True)
        staff.get(page)
        with django_assert_max_num_queries(30) as few:
            staff.get(page)
        TransactionRequestFactory.create_batch(20, transfer=True)
        with django_assert_max_num_queries(30) as many:
            staff.get(page)

        assert len(many) == len(few)

    @pytest.mark.parametrize("term", ["alice@example.com", "invoice 7", "nothing", "'", "%"])
    def test_can_be_searched(self, staff, term):
        for model in OURS:
            page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            assert staff.get(page, {"q": term}).status_code == 200

    def test_find_a_transaction_by_its_id(self, staff):
        row, other = TransactionRequestFactory.create_batch(2)
        page = reverse("admin:submissions_transactionrequest_changelist")

        content = staff.get(page, {"q": str(row.id)}).content.decode()

        assert change_page(row) in content
        assert change_page(other) not in content

    def test_write_what_clients_sent_as_text(self, staff):
        row = TransactionRequestFactory(
            description="<script>alert(1)</script>", metadata={"<b>": "<img src=x>"}
        )

        content = staff.get(change_page(row)).content.decode()

        assert "<script>alert(1)" not in content
        assert "<img src=x>" not in content
        assert "&lt;script&gt;" in content

    @pytest.mark.parametrize("model", OURS)
    def test_change_nothing(self, staff, model):
        row = TransactionRequestFactory()
        rows = {
            TransactionCommand: TransactionCommandFactory(transaction=row),
            User: row.user,
            TransactionRequest: row,
            TokenFamily: TokenFamily.objects.create(user=row.user, session_key="secret-key"),
        }
        label = f"{model._meta.app_label}_{model._meta.model_name}"

        page = staff.get(change_page(rows[model]))
        assert page.status_code == 200
        assert staff.post(change_page(rows[model]), {"status": "x"}).status_code == 403
        assert staff.get(reverse(f"admin:{label}_add")).status_code == 403
        delete = reverse(f"admin:{label}_delete", args=[rows[model].pk])
        assert staff.post(delete, {"post": "yes"}).status_code == 403
        assert model.objects.filter(pk=rows[model].pk).exists()

    def test_show_who_changed_a_users_status_and_why(self, staff):
        user = UserFactory()
        by = By("staff:carol", NOON, "a-request", reason="a <b>complaint</b>")
        user_suspend(user_id=user.id, by=by)

        content = staff.get(change_page(user)).content.decode()

        assert "staff:carol" in content
        assert "a &lt;b&gt;complaint&lt;/b&gt;" in content

    def test_lead_to_the_wallets_of_a_user(self, staff, settings):
        settings.TWIN_CONSOLE_URL = "https://ledger.example.com"
        user = UserFactory()

        content = staff.get(change_page(user)).content.decode()

        assert f"https://ledger.example.com/admin/ledger/account/?q={user.id}" in content

    def test_show_no_secret(self, staff):
        user = UserFactory()
        family = TokenFamily.objects.create(user=user, session_key="secret-key")

        assert user.password not in staff.get(change_page(user)).content.decode()
        assert "secret-key" not in staff.get(change_page(family)).content.decode()
