import pytest
from django.test import Client

from tests.factories.commands import CaptureFactory, TransferFactory
from tests.factories.events import ALICE, NOON
from tests.factories.transactions import StaffFactory
from tests.transactions.books import apply, fund
from tests.transactions.tampering import past_the_rules
from transactions.ledger.models import (
    Account,
    AccountChange,
    JournalEntry,
    JournalSeal,
    LedgerCheckResult,
    LedgerTransaction,
    Posting,
    UserReplica,
)

pytestmark = pytest.mark.django_db

MODELS = [
    Account,
    LedgerTransaction,
    Posting,
    JournalEntry,
    JournalSeal,
    LedgerCheckResult,
    UserReplica,
]


@pytest.fixture
def console():
    client = Client()
    client.force_login(StaffFactory())
    return client


@pytest.fixture
def books():
    """One transaction of each outcome, a seal and what a check found."""
    with past_the_rules():
        JournalSeal.objects.create(
            number=1,
            previous=bytes(32),
            entries=1,
            last_xid=1,
            last_sequence=1,
            highest_sequence=1,
            sealed_at=NOON,
            digest=bytes(32),
        )
    LedgerCheckResult.objects.create(name="chain", at=NOON, ok=False, details="seal 1 is not ours")
    fund(ALICE, 123_456)
    apply(TransferFactory(amount=250), TransferFactory(amount=999_999))
    UserReplica.objects.create(id=ALICE, status="active")


def page(model, name, *arguments):
    path = "/".join(str(argument) for argument in arguments)
    return f"/admin/ledger/{model._meta.model_name}/{path}{'/' if path else ''}{name}"


class TestConsole:
    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.usefixtures("books")
    def test_shows_lists_and_pages(self, console, model):
        listed = console.get(page(model, ""))
        shown = console.get(page(model, "change/", model.objects.first().pk))

        assert (listed.status_code, shown.status_code) == (200, 200)
        assert b'name="_save"' not in shown.content

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.usefixtures("books")
    def test_lets_not_even_a_superuser_change_anything(self, console, model):
        row = model.objects.first()
        before = model.objects.filter(pk=row.pk).values().get()

        answers = [
            console.get(page(model, "add/")),
            console.post(page(model, "add/"), {"amount": 1}),
            console.post(page(model, "change/", row.pk), {"amount": 1, "status": "closed"}),
            console.get(page(model, "delete/", row.pk)),
            console.post(page(model, "delete/", row.pk), {"post": "yes"}),
        ]

        assert {answer.status_code for answer in answers} == {403}
        assert model.objects.filter(pk=row.pk).values().get() == before

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.usefixtures("books")
    def test_has_no_action_on_rows(self, console, model):
        count = model.objects.count()
        chosen = {"action": "delete_selected", "_selected_action": [model.objects.first().pk]}

        console.post(page(model, ""), {**chosen, "post": "yes"})

        assert model.objects.count() == count

    @pytest.mark.usefixtures("books")
    def test_says_on_its_home_page_whether_the_books_are_right(self, console):
        content = console.get("/admin/").content.decode()

        assert "Chain of seals" in content
        assert "Wrong" in content

    @pytest.mark.usefixtures("books")
    def test_shows_a_transactions_postings_and_journal(self, console):
        posted = LedgerTransaction.objects.get(kind="transfer", state="posted")

        content = console.get(page(LedgerTransaction, "change/", posted.pk)).content.decode()

        assert "2.50 EUR" in content
        assert "1,232.06 EUR" in content
        assert bytes(posted.journal.get().hash).hex() in content

    def test_finds_the_commands_of_a_transaction(self, console):
        fund(ALICE, 1_000)
        hold = TransferFactory(held=True)
        apply(hold, CaptureFactory(transaction_id=hold.transaction_id, amount=200))

        found = console.get(page(LedgerTransaction, ""), {"q": str(hold.transaction_id)})
        shown = console.get(page(LedgerTransaction, "change/", hold.transaction_id))

        assert {row.kind for row in found.context["cl"].result_list} == {"transfer", "capture"}
        assert "2.00 EUR" in shown.content.decode()

    @pytest.mark.usefixtures("books")
    def test_shows_who_froze_a_wallet_and_why(self, console):
        wallet = Account.objects.get(owner=ALICE)
        Account.objects.filter(pk=wallet.pk).update(status="frozen")
        AccountChange.objects.create(
            account=wallet,
            from_status="open",
            to_status="frozen",
            actor="staff:carol",
            reason="a <b>court's</b> order",
            recorded_at=NOON,
        )

        content = console.get(page(Account, "change/", wallet.pk)).content.decode()

        assert "staff:carol" in content
        assert "a &lt;b&gt;court" in content

    @pytest.mark.usefixtures("books")
    def test_finds_by_whole_ids(self, console):
        refused = LedgerTransaction.objects.get(state="rejected")

        found = console.get(page(LedgerTransaction, ""), {"q": f" {refused.pk} "})
        wallets = console.get(page(Account, ""), {"q": str(ALICE)})

        assert len(found.context["cl"].result_list) == 1
        assert len(wallets.context["cl"].result_list) == 1

    @pytest.mark.usefixtures("books")
    @pytest.mark.parametrize("query", ["nothing", "%", "' OR 1=1", "0" * 500])
    def test_finds_nothing_for_anything_else(self, console, query):
        answer = console.get(page(LedgerTransaction, ""), {"q": query})

        assert answer.status_code == 200
        assert len(answer.context["cl"].result_list) == 0

    @pytest.mark.parametrize("model", [Posting, LedgerTransaction])
    def test_lists_with_a_fixed_number_of_statements(
        self, console, model, django_assert_max_num_queries
    ):
        fund(ALICE, 1_000)
        apply(*[TransferFactory(amount=1) for _ in range(30)])

        with django_assert_max_num_queries(8):
            console.get(page(model, ""))

    def test_is_closed_to_strangers_and_to_tokens(self):
        for model in MODELS:
            assert Client().get(page(model, "")).status_code == 302
