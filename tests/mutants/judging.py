"""Bugs in the ledger's rules: step 7 of the road."""

from tests.mutants.mutant import Mutant

_BOOK = "transactions/ledger/engine/book.py"
_DECIDE = "transactions/ledger/engine/decide.py"
_HOLDS = "transactions/ledger/engine/holds.py"
_REVERSING = "transactions/ledger/engine/reversing.py"
_TEST_HOLDS = "tests/unit/test_engine_holds.py"
_TEST_RESOLVED = "tests/unit/test_engine_resolved_holds.py"
_TEST_REVERSALS = "tests/unit/test_engine_reversals.py"
_MACHINE = "tests/unit/test_engine_machine.py"

JUDGING = (
    Mutant(
        name="capture-at-deadline",
        what="captures a hold at the very moment of its deadline",
        file=_HOLDS,
        old="accepted_at >= original.hold_expires_at",
        new="accepted_at > original.hold_expires_at",
        tests=(_TEST_HOLDS, _MACHINE),
    ),
    Mutant(
        name="rest-not-released",
        what="releases only what it captures of a hold",
        file=_HOLDS,
        old="(*book.release(*held), *book.move(*moved))",
        new="(*book.release(*moved), *book.move(*moved))",
        tests=(_TEST_HOLDS, _MACHINE),
    ),
    Mutant(
        name="voided-hold-captured",
        what="takes a voided hold for an open one",
        file=_HOLDS,
        old='    "voided": Refusal.ALREADY_VOIDED,\n',
        new="",
        tests=(_TEST_RESOLVED, _MACHINE),
    ),
    Mutant(
        name="reversed-too-much",
        what="reverses without a look at what went back already",
        file=_REVERSING,
        old="if not 0 < amount <= left else",
        new="if amount < 1 else",
        tests=(_TEST_REVERSALS, _MACHINE),
    ),
    Mutant(
        name="reversal-reversed",
        what="reverses a reversal",
        file=_REVERSING,
        old="original.is_child or ",
        new="",
        tests=(_TEST_REVERSALS, _MACHINE),
    ),
    Mutant(
        name="command-of-another-stream",
        what="obeys a command that came by another stream than its original",
        file=_DECIDE,
        old=" or original.stream != command.source.stream",
        new="",
        tests=(_TEST_RESOLVED, _MACHINE),
    ),
    Mutant(
        name="forgotten-within-a-batch",
        what="judges each command of a batch on its original as it was before the batch",
        file=_BOOK,
        old="            or self._changed_transactions.get(transaction_id)\n",
        new="",
        tests=(_TEST_RESOLVED, _MACHINE),
    ),
)
