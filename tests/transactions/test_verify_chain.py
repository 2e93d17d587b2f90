"""Edits of the books that a chain of seals must show, each planted past every rule."""

from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connections

from common.internal.contracts import KeptSealPage, KeptSealTold
from tests.factories.commands import DepositFactory, TransferFactory
from tests.factories.events import ALICE
from tests.transactions.books import apply, fund
from tests.transactions.sealing import seal
from tests.transactions.tampering import chain_make_again, hashes_make_again, tamper
from transactions.ledger.kept_seals import kept_seals_of_peer
from transactions.ledger.management.commands import verify_chain
from transactions.ledger.models import JournalEntry, JournalSeal, LedgerCheckResult, Posting
from transactions.ledger.tasks import BooksDiffer, check_chain
from transactions.ledger.verify_chain import chain_part_verify, chain_verify, seal_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def connection_of_the_test(monkeypatch):
    """The command takes the timeouts of commands for its whole process; tests are many in one."""
    monkeypatch.setattr(verify_chain, "timeouts_use", lambda _: None)


@pytest.fixture
def books():
    """Three seals over two entries each, and one entry without a seal."""
    fund(ALICE, 1_000)
    apply(TransferFactory(amount=250), TransferFactory(amount=999_999))
    apply(*[DepositFactory(amount=5) for _ in range(3)])
    seal(entries_max=2)
    fund(ALICE, 1)


@pytest.fixture
def kept(books):
    """The seals as users kept them, told before anybody touched the books."""
    return [
        KeptSealTold(
            number=seal.number,
            entries=seal.entries,
            last_sequence=seal.last_sequence,
            previous=bytes(seal.previous).hex(),
            digest=bytes(seal.digest).hex(),
            sealed_at=seal.sealed_at,
        )
        for seal in JournalSeal.objects.order_by("number")
    ]


@pytest.fixture
def kept_file(kept, tmp_path):
    file = tmp_path / "kept.ndjson"
    file.write_bytes(b"".join(msgspec.json.encode(seal) + b"\n" for seal in kept))
    return file


@pytest.fixture
def users(kept, settings):
    """The internal API of users over real HTTP, two seals a page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            shown = self.headers["Authorization"] == f"Bearer {settings.PEER['SECRET_SHOWN']}"
            if url.path != "/internal/v1/kept-seals" or not shown:
                self.send_error(401)
                return
            after = int(parse_qs(url.query)["after"][0])
            found = [seal for seal in kept if seal.number > after][:2]
            page = KeptSealPage(data=found, after=found[-1].number if len(found) == 2 else None)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(msgspec.json.encode(page))

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    settings.PEER = {**django_settings.PEER, "URL": url}
    yield url
    server.shutdown()
    server.server_close()


def verify(capsys, *arguments):
    """What the command says, and how it ends."""
    try:
        call_command("verify_chain", *arguments)
    except CommandError as error:
        return f"{capsys.readouterr().out}{error}", error.returncode
    return capsys.readouterr().out, 0


def sequences():
    return list(JournalEntry.objects.order_by("sequence").values_list("sequence", flat=True))


class TestWholeChain:
    @pytest.mark.usefixtures("users")
    def test_is_compared_with_users_by_default(self, capsys):
        said, code = verify(capsys)

        assert code == 0, said
        assert "3 seals (3 kept by users) over 6 entries, 1 entries without a seal yet" in said

    def test_may_be_compared_with_another_place_or_a_file_or_nobody(
        self, users, settings, kept_file, capsys
    ):
        settings.PEER = {**settings.PEER, "URL": "http://127.0.0.1:1"}

        assert "(3 kept by users)" in verify(capsys, "--against", users)[0]
        assert "(3 kept by users)" in verify(capsys, "--against-file", str(kept_file))[0]
        assert "(none compared)" in verify(capsys, "--alone")[0]

    @pytest.mark.usefixtures("books")
    def test_proves_nothing_without_users(self, settings, tmp_path, capsys):
        settings.PEER = {**settings.PEER, "URL": "http://127.0.0.1:1"}
        broken = tmp_path / "broken"
        broken.write_text("{}\n")

        assert verify(capsys)[1] == 2
        assert verify(capsys, "--against-file", str(tmp_path / "none"))[1] == 2
        assert verify(capsys, "--against-file", str(broken))[1] == 2

    def test_may_be_longer_than_what_was_kept(self, kept_file, capsys):
        seal()

        said, code = verify(capsys, "--against-file", str(kept_file))

        assert (code, "4 seals (3 kept by users)" in said) == (0, True)

    @pytest.mark.usefixtures("users")
    def test_may_be_shorter_than_what_users_kept_meanwhile(self):
        """The seal that is made while the chain is followed is looked up afterwards."""

        def kept_late():
            seal()
            head = JournalSeal.objects.get(number=4)
            yield from kept_seals_of_peer()
            yield seal_of(
                (4, head.previous, head.entries, head.last_sequence, head.sealed_at, head.digest)
            )

        faults = []
        report = chain_verify(on_fault=faults.append, kept=_on_another_connection(kept_late))

        assert (report.faults, faults) == (0, [])


def _on_another_connection(generator):
    """The items of a generator that works beside the transaction of whoever reads it."""

    def items():
        try:
            return list(generator())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        yield from pool.submit(items).result()


@pytest.mark.usefixtures("users")
class TestPlantedEdits:
    """Each as superuser; the words name the first bad seal and the first bad entry."""

    @pytest.mark.parametrize(
        "edit",
        [
            "UPDATE ledger_posting SET amount = amount + 1 WHERE transaction_id = %s",
            "UPDATE ledger_posting SET account_id = gen_random_uuid() WHERE transaction_id = %s",
            "UPDATE ledger_posting SET balance_after = 7 WHERE transaction_id = %s",
            "DELETE FROM ledger_posting WHERE transaction_id = %s",
            "UPDATE ledger_transaction SET amount = 251, captured_amount = 251 WHERE id = %s",
            "UPDATE ledger_transaction SET currency = 'JPY' WHERE id = %s",
            "UPDATE ledger_transaction SET debit_account_id = credit_account_id WHERE id = %s",
            "UPDATE ledger_transaction SET hold_expires_at = now() WHERE id = %s",
            "UPDATE ledger_transaction SET requested_by = gen_random_uuid() WHERE id = %s",
            "UPDATE ledger_transaction SET stream = gen_random_uuid() WHERE id = %s",
            "UPDATE ledger_transaction SET reference = 'ours' WHERE id = %s",
            "UPDATE ledger_transaction SET effective_at = now() WHERE id = %s",
            "UPDATE ledger_transaction SET recorded_at = now() WHERE id = %s",
            "UPDATE ledger_transaction SET source_event_id = gen_random_uuid() WHERE id = %s",
            "UPDATE ledger_transaction SET source_offset = source_offset + 1 WHERE id = %s",
            "UPDATE ledger_posting SET recorded_at = now() WHERE transaction_id = %s",
            "DELETE FROM ledger_transaction WHERE id = %s",
            "UPDATE ledger_journal_entry SET actor = 'user:0' WHERE transaction_id = %s",
            "UPDATE ledger_journal_entry SET recorded_at = now() WHERE transaction_id = %s",
        ],
    )
    def test_of_what_an_entry_tells_shows_at_the_entry(self, edit, capsys):
        entry = JournalEntry.objects.order_by("sequence")[1]
        assert tamper(edit, [entry.transaction_id])

        said, code = verify(capsys)

        assert code == 1
        assert f"entry {entry.sequence} does not fit its hash" in said
        assert f"first bad seal: none, first bad entry: {entry.sequence}" in said

    def test_of_an_entry_with_its_hash_shows_at_the_seal(self, capsys):
        entry = JournalEntry.objects.order_by("sequence")[3]
        tamper(
            "UPDATE ledger_posting SET amount = 6 WHERE transaction_id = %s", [entry.transaction_id]
        )
        hashes_make_again()

        said, code = verify(capsys)

        assert code == 1
        assert "seal 2 has another digest than its entries give" in said
        assert "first bad seal: 2, first bad entry: none" in said

    @pytest.mark.parametrize(
        ("edit", "says"),
        [
            (
                "DELETE FROM ledger_journal_entry WHERE sequence = %s",
                "seal 2 says 2 entries and has 1",
            ),
            (
                "UPDATE ledger_journal_entry SET written_by = '3' WHERE sequence = %s",
                "seal 1 says 2 entries and has 3",
            ),
        ],
    )
    def test_that_remove_or_move_an_entry_show_at_the_seal(self, edit, says, capsys):
        tamper(edit, [sequences()[3]])

        said, code = verify(capsys)

        assert (code, says in said) == (1, True), said

    def test_that_remove_a_seal_show(self, capsys):
        tamper("DELETE FROM ledger_journal_seal WHERE number = 2")

        said, code = verify(capsys)

        assert code == 1
        assert "seal 3 stands where seal 2 should" in said
        assert "seal 2 was kept by users and is not here" in said

    def test_that_remove_the_last_seals_show(self, capsys):
        tamper("DELETE FROM ledger_journal_seal WHERE number > 1")

        said, code = verify(capsys)

        assert code == 1
        assert "seal 2 was kept by users and is not here" in said
        assert "first bad seal: 2" in said

    def test_that_add_postings_show(self, capsys):
        known = Posting.objects.first()
        tamper(
            "INSERT INTO ledger_posting (transaction_id, account_id, direction, layer, amount,"
            " recorded_at) VALUES (gen_random_uuid(), %s, 'credit', 'posted', 1, now())",
            [known.account_id],
        )

        said, code = verify(capsys)

        assert (code, "no entry tells of 1 postings" in said) == (1, True)

    def test_that_tell_of_a_transaction_twice_show(self, capsys):
        tamper(
            "INSERT INTO ledger_journal_entry (transaction_id, type, from_state, to_state, code,"
            " actor, cause, recorded_at, hash) SELECT transaction_id, type, from_state, to_state,"
            " code, actor, cause, recorded_at, hash FROM ledger_journal_entry LIMIT 1"
        )

        said, code = verify(capsys)

        assert (code, "a second time" in said) == (1, True)

    def test_that_make_the_whole_chain_again_show_in_what_users_kept(self, capsys):
        """One amount, both its legs, the hash of its entry, and every seal from there on."""
        entry = JournalEntry.objects.order_by("sequence")[3]
        tamper(
            "UPDATE ledger_transaction SET amount = 6, captured_amount = 6 WHERE id = %s",
            [entry.transaction_id],
        )
        tamper(
            "UPDATE ledger_posting SET amount = 6 WHERE transaction_id = %s", [entry.transaction_id]
        )
        hashes_make_again()
        chain_make_again()
        assert verify(capsys, "--alone")[1] == 0, "the books alone cannot tell"

        said, code = verify(capsys)

        assert code == 1
        assert "seal 2 is not the seal that users kept" in said
        assert "seal 3 is not the seal that users kept" in said
        assert "first bad seal: 2, first bad entry: none" in said


@pytest.mark.usefixtures("books")
class TestParts:
    @pytest.mark.parametrize(("first", "last", "entries"), [(1, 1, 2), (2, 3, 4), (3, 3, 2)])
    def test_may_be_followed_alone(self, first, last, entries):
        faults = []

        report = chain_part_verify(first=first, last=last, on_fault=faults.append)

        assert faults == []
        assert (report.seals, report.entries) == (last - first + 1, entries)

    def test_show_what_is_wrong_in_them(self):
        tamper(
            "UPDATE ledger_journal_entry SET actor = 'user:0' WHERE sequence = %s", [sequences()[3]]
        )
        faults = []

        chain_part_verify(first=2, last=2, on_fault=faults.append)
        chain_part_verify(first=3, last=3, on_fault=faults.append)

        assert [fault.entry for fault in faults] == [sequences()[3]]


class TestSchedule:
    @pytest.mark.usefixtures("users")
    def test_compares_the_last_seals_with_users(self):
        assert check_chain() >= 3

        result = LedgerCheckResult.objects.get(name="chain")
        assert result.ok
        assert "seals agree with users" in result.details

    @pytest.mark.usefixtures("users")
    def test_raises_the_alarm(self):
        tamper("UPDATE ledger_journal_seal SET digest = sha256('') WHERE number = 3")

        with pytest.raises(BooksDiffer):
            check_chain()

        result = LedgerCheckResult.objects.get(name="chain")
        assert (result.ok, "seal 3 is not the seal that users kept" in result.details) == (
            False,
            True,
        )

    @pytest.mark.usefixtures("books")
    def test_says_nothing_new_while_users_is_away(self, settings):
        settings.PEER = {**settings.PEER, "URL": "http://127.0.0.1:1"}

        assert check_chain() == 0
        assert not LedgerCheckResult.objects.exists()

    def test_has_nothing_to_say_of_empty_books(self, settings):
        settings.PEER = {**settings.PEER, "URL": "http://127.0.0.1:1"}

        assert check_chain() == 0
