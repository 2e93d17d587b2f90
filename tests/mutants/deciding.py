"""Bugs where the ledger decides and users settle: steps 7 to 10 of the road."""

from tests.mutants.mutant import Mutant

_ACCOUNTS = "transactions/ledger/accounts.py"
_OUTCOMES = "users/submissions/outcomes.py"
_COMMAND_RACES = "tests/transactions/test_command_races.py"
_ORIGINALS = "transactions/ledger/originals.py"
_PARALLEL = "tests/transactions/test_parallel.py"
_TEST_COMMAND_OUTCOMES = "tests/users/submissions/test_command_outcomes.py"
_TEST_OUTCOMES = "tests/users/submissions/test_outcomes.py"

_SORTED = "                ORDER BY owner, currency\n"
_LOCKED = "                FOR NO KEY UPDATE OF account\n"

DECIDING = (
    Mutant(
        name="balance-without-lock",
        what="reads balances without locking the wallets",
        file=_ACCOUNTS,
        old=_SORTED + _LOCKED,
        new=_SORTED,
        tests=(_PARALLEL,),
    ),
    Mutant(
        name="wallets-unsorted",
        what="locks wallets in the order in which they are named",
        file=_ACCOUNTS,
        old=_SORTED + _LOCKED,
        new=_LOCKED,
        tests=(_PARALLEL,),
    ),
    Mutant(
        name="accounts-opened-unsorted",
        what="opens accounts in the order in which they are named",
        file=_ACCOUNTS,
        old="            ORDER BY owner, currency\n            ON CONFLICT DO NOTHING\n",
        new="            ON CONFLICT DO NOTHING\n",
        tests=("tests/transactions/test_ledger_apply.py", _PARALLEL),
    ),
    Mutant(
        name="originals-without-lock",
        what="judges commands on transactions that it has not locked",
        file=_ORIGINALS,
        old="            ORDER BY header.id\n            FOR NO KEY UPDATE OF header\n",
        new="            ORDER BY header.id\n",
        tests=(_COMMAND_RACES,),
    ),
    Mutant(
        name="original-left-as-it-is",
        what="writes a command without what it makes of its original",
        file="transactions/ledger/services.py",
        old="    originals.originals_update(decisions.transactions)\n",
        new="",
        tests=("tests/transactions/test_commands.py",),
    ),
    Mutant(
        name="commands-among-decisions",
        what="tells users of commands as if they were requests",
        file="transactions/ledger/decisions.py",
        old="LedgerTransaction.objects.filter(Q(kind__in=ORIGINALS) | Q(kind__isnull=True))",
        new="LedgerTransaction.objects.all()",
        tests=("tests/transactions/test_decisions.py",),
    ),
    Mutant(
        name="settled-again",
        what="settles a request that is settled already",
        file=_OUTCOMES,
        old="            AND request.status = outcome.before\n",
        new="",
        tests=(_TEST_OUTCOMES, _TEST_COMMAND_OUTCOMES),
    ),
    Mutant(
        name="settled-for-another",
        what="settles a request by an outcome of another user's stream",
        file=_OUTCOMES,
        old="            AND request.user_id = outcome.user_id\n",
        new="",
        tests=(_TEST_OUTCOMES,),
    ),
    Mutant(
        name="reversed-on-a-wrong-sum",
        what="adds a reversal to another sum than the ledger has added it to",
        file=_OUTCOMES,
        old="            AND request.reversed_amount = outcome.reversed_before\n",
        new="",
        tests=(_TEST_COMMAND_OUTCOMES,),
    ),
    Mutant(
        name="command-applied-to-nothing",
        what="takes a command for applied by an outcome that its request has had before",
        file="users/submissions/command_outcomes.py",
        old="    if misfits:\n",
        new="    if False:\n",
        tests=(_TEST_COMMAND_OUTCOMES,),
    ),
    Mutant(
        name="contradiction-shrugged-off",
        what="takes an outcome that contradicts the settled one for a repetition",
        file=_OUTCOMES,
        old="        elif _is_settled_so(request, outcome):\n",
        new="        elif request.status != outcome.before:\n",
        tests=(_TEST_OUTCOMES,),
    ),
)
