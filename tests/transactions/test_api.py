import pytest

from common.ids import uuid7
from tests.factories.commands import DepositFactory, SourceFactory, TransferFactory
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, fund
from tests.transactions.problems import assert_problem
from transactions.ledger.models import Account, LedgerTransaction

pytestmark = pytest.mark.django_db

CAROL = uuid7()


class TestLedgerTransaction:
    def read(self, get, viewer, command):
        return get(viewer, f"/api/v1/ledger/transactions/{command.transaction_id}")

    def test_shows_the_books_of_a_transaction(self, get):
        fund(ALICE, 1_000)
        command = TransferFactory(amount=250)
        apply(command)

        body = self.read(get, ALICE, command).json()

        alice, bob = Account.objects.get(owner=ALICE), Account.objects.get(owner=BOB)
        (entry,) = body.pop("journal")
        assert body == {
            "id": str(command.transaction_id),
            "kind": "transfer",
            "state": "posted",
            "amount": 250,
            "currency": "EUR",
            "postings": [
                {
                    "account": str(alice.id),
                    "direction": "debit",
                    "amount": 250,
                    "layer": "posted",
                    "balance_after": 750,
                },
                {
                    "account": str(bob.id),
                    "direction": "credit",
                    "amount": 250,
                    "layer": "posted",
                    "balance_after": None,
                },
            ],
            "source": {
                "event_id": str(command.source.event_id),
                "sequence": command.source.sequence,
                "partition": 0,
                "offset": command.source.offset,
            },
        }
        assert set(entry) == {
            "sequence",
            "type",
            "from_state",
            "to_state",
            "code",
            "actor",
            "recorded_at",
            "hash",
        }
        assert (entry["type"], entry["from_state"], entry["to_state"], entry["actor"]) == (
            "transaction_posted",
            "",
            "posted",
            f"user:{ALICE}",
        )
        assert len(bytes.fromhex(entry["hash"])) == 32

    def test_shows_a_refusal_to_the_payer_only(self, get):
        command = TransferFactory()
        apply(command)

        body = self.read(get, ALICE, command).json()

        assert (body["state"], body["postings"]) == ("rejected", [])
        assert body["journal"][0]["code"] == "insufficient_funds"
        assert_problem(self.read(get, BOB, command), 404, "not_found")

    def test_shows_to_the_receiver_what_was_posted_but_not_the_payers_balance(self, get):
        fund(ALICE, 1_000)
        command = TransferFactory(amount=250)
        apply(command)

        debit, credit = self.read(get, BOB, command).json()["postings"]

        assert (debit["balance_after"], credit["balance_after"]) == (None, 250)

    def test_shows_to_who_asked_for_it(self, get):
        treasurer = uuid7()
        command = DepositFactory(requested_by=treasurer, source=SourceFactory(stream=ALICE))
        apply(command)

        body = self.read(get, treasurer, command).json()

        assert body["state"] == "posted"
        assert [leg["balance_after"] for leg in body["postings"]] == [None, None]
        assert self.read(get, ALICE, command).status_code == 200

    def test_answers_for_strangers_as_if_it_did_not_exist(self, get):
        fund(ALICE, 1_000)
        command = TransferFactory()
        apply(command)

        stranger = assert_problem(self.read(get, CAROL, command), 404, "not_found")
        missing = assert_problem(self.read(get, CAROL, TransferFactory()), 404, "not_found")

        assert stranger["detail"] == missing["detail"]

    def test_reads_with_a_fixed_number_of_statements(self, get, django_assert_max_num_queries):
        fund(ALICE, 1_000)
        apply(TransferFactory())
        found = LedgerTransaction.objects.get(kind="transfer")

        with django_assert_max_num_queries(4):
            get(ALICE, f"/api/v1/ledger/transactions/{found.id}")
