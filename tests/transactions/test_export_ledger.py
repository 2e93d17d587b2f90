"""An exported ledger is checked without the database, and every planted edit of it shows."""

import hashlib
import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from tests.factories.commands import (
    DEADLINE,
    CaptureFactory,
    DepositFactory,
    ReverseFactory,
    TransferFactory,
    VoidFactory,
)
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, fund
from tests.transactions.sealing import seal
from transactions.ledger import verify_export
from transactions.ledger.management.commands import export_ledger
from transactions.ledger.models import JournalEntry, JournalSeal, LedgerTransaction, Posting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def exported(monkeypatch, tmp_path):
    """The lines of an export: holds, commands, a refusal, two seals and an entry without one."""
    monkeypatch.setattr(export_ledger, "timeouts_use", lambda _: None)
    fund(ALICE, 1_000)
    held = [TransferFactory(amount=100, hold_expires_at=DEADLINE) for _ in range(3)]
    apply(*held, TransferFactory(amount=999_999))
    apply(
        CaptureFactory(transaction_id=held[0].transaction_id, amount=60),
        VoidFactory(transaction_id=held[1].transaction_id),
    )
    apply(ReverseFactory(transaction_id=held[0].transaction_id, amount=20))
    seal(entries_max=6)
    apply(DepositFactory(owner=BOB, amount=70, currency="JPY"))
    file = tmp_path / "ledger.ndjson"
    call_command("export_ledger", "--output", str(file))
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def verify(tmp_path, capsys):
    """Check lines as a file; without `as_is` the trailer is made to fit what was edited."""

    def check(lines, *, as_is=False):
        texts = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines[:-1]]
        before = "".join(texts).encode()
        trailer = {**lines[-1], "lines": len(texts), "sha256": hashlib.sha256(before).hexdigest()}
        file = tmp_path / "edited.ndjson"
        file.write_bytes(before + json.dumps(lines[-1] if as_is else trailer).encode() + b"\n")
        code = verify_export.main([str(file)])
        return code, capsys.readouterr().out

    return check


def of(lines, kind, number=0):
    return [line for line in lines if line["line"] == kind][number]


class TestExportLedger:
    def test_holds_everything_in_the_order_of_the_seals(self, exported):
        kinds = [line["line"] for line in exported]

        header = exported[0]
        assert kinds[0] == "header"
        assert kinds[-1] == "trailer"
        assert kinds.index("entry") > max(i for i, kind in enumerate(kinds) if kind == "account")
        assert kinds[-2] == "entry", "what has no seal yet comes last"
        assert header["transactions"] == LedgerTransaction.objects.count()
        assert header["postings"] == Posting.objects.count()
        assert header["entries"] == kinds.count("entry") == JournalEntry.objects.count()
        assert header["seals"] == kinds.count("seal") == 2
        assert header["head"] == bytes(JournalSeal.objects.get(number=2).digest).hex()

    def test_is_right_without_database_and_django(self, exported, tmp_path):
        program = (
            "import runpy, sys; sys.argv[0] = 'verify_export';"
            " runpy.run_module('transactions.ledger.verify_export', run_name='__main__',"
            " alter_sys=False)"
        )
        file = str(tmp_path / "ledger.ndjson")

        ended = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", program, file],
            capture_output=True,
            text=True,
            check=False,
            env={},
        )

        assert ended.returncode == 0, ended.stdout
        assert f"the last seal is {exported[0]['head']}" in ended.stdout
        assert "django" not in ended.stderr
        assert "psycopg" not in ended.stderr

    def test_goes_to_standard_output_too(self, exported, capfdbinary):
        call_command("export_ledger")

        lines = capfdbinary.readouterr().out.splitlines()
        assert len(lines) == len(exported)
        assert json.loads(lines[-1])["line"] == "trailer"

    @pytest.mark.usefixtures("exported")
    def test_writes_over_no_file(self, tmp_path):
        with pytest.raises(CommandError, match="exists"):
            call_command("export_ledger", "--output", str(tmp_path / "ledger.ndjson"))


class TestPlantedEdits:
    """The trailer is made to fit each time: what tells is the books, not the checksum."""

    def test_none_is_right(self, exported, verify):
        assert verify(exported)[0] == 0

    def test_of_any_byte_shows_in_the_checksum(self, exported, verify):
        of(exported, "account")["status"] = "frozen"

        code, said = verify(exported, as_is=True)

        assert code == 1
        assert said.startswith(f"line {len(exported)}: has another digest")

    @pytest.mark.parametrize(
        ("member", "value"),
        [("amount", 1_001), ("actor", "user:nobody"), ("cause", str(ALICE)), ("code", "x")],
    )
    def test_of_an_entry_shows_at_its_line(self, exported, verify, member, value):
        entry = of(exported, "entry")
        entry[member] = value

        code, said = verify(exported)

        assert code == 1
        assert said.startswith(
            f"line {exported.index(entry) + 1}: entry {entry['sequence']} does not fit its hash"
        )

    def test_of_a_leg_shows(self, exported, verify):
        of(exported, "entry")["legs"][0][3] += 1

        code, said = verify(exported)

        assert code == 1
        assert "does not fit its hash" in said
        assert "debits and credits of its posted postings differ" in said

    def test_of_a_hash_shows_at_the_seal(self, exported, verify):
        of(exported, "entry")["hash"] = "00" * 32

        code, said = verify(exported)

        assert (code, "seal 1 has another digest" in said) == (1, True)

    def test_of_a_seal_shows_there_and_at_the_next(self, exported, verify):
        of(exported, "seal")["digest"] = "00" * 32

        code, said = verify(exported)

        assert code == 1
        assert "seal 1 has another digest than its entries give" in said
        assert "seal 2 does not name the digest of the seal before" in said

    @pytest.mark.parametrize("kind", ["account", "entry", "seal"])
    def test_that_take_a_line_away_show(self, exported, verify, kind):
        exported.remove(of(exported, kind))

        code, said = verify(exported)

        assert (code, "line 1: the header says" in said) == (1, True)

    @pytest.mark.parametrize(
        ("member", "value", "says"),
        [
            ("credits_posted", 5_000, "its postings"),
            ("debits_pending", 5, "its postings"),
            ("currency", "KWD", "which is not there in"),
        ],
    )
    def test_of_an_account_show(self, exported, verify, member, value, says):
        of(exported, "account")[member] = value

        code, said = verify(exported)

        assert (code, says in said) == (1, True)

    @pytest.mark.parametrize(
        ("became", "says"),
        [("expired", "is expired, and was last told voided"), ("authorised", "says that it never")],
    )
    def test_of_what_became_of_a_transaction_shows(self, exported, verify, became, says):
        parts = [line.get("transaction") or {} for line in exported]
        next(part for part in parts if part.get("state") == "voided")["state"] = became

        code, said = verify(exported)

        assert (code, says in said) == (1, True)

    def test_of_the_header_shows(self, exported, verify):
        exported[0]["head"] = "00" * 32

        code, said = verify(exported)

        assert (code, "line 1: the header names another last seal" in said) == (1, True)

    def test_that_cut_the_file_show(self, exported, tmp_path, capsys):
        file = tmp_path / "cut.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in exported[:-1]))

        assert verify_export.main([str(file)]) == 1
        assert "not whole" in capsys.readouterr().out

    def test_that_add_something_show(self, exported, tmp_path, capsys):
        file = tmp_path / "more.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in [*exported, exported[1]]))

        assert verify_export.main([str(file)]) == 1
        assert "something follows the trailer" in capsys.readouterr().out

    def test_a_file_of_something_else_is_refused(self, tmp_path):
        file = tmp_path / "else"
        file.write_text('{"line": "header"}\n')

        assert verify_export.main([str(file)]) == 1
        assert verify_export.main([str(tmp_path / "nothing")]) == 2
