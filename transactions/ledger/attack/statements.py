"""Attempts by SQL: rows that are there, rows that must not come, and the rules themselves."""

from collections.abc import Callable, Sequence
from typing import Any

from common.ids import uuid7
from transactions.ledger.attack.attempt import Attempt, Way
from transactions.ledger.attack.scene import Scene, sql
from transactions.ledger.models import Account

_HEADER = (
    "INSERT INTO ledger_transaction (id, kind, state, amount, currency, debit_account_id,"
    " credit_account_id, captured_amount, stream, requested_by, rejection_code, effective_at,"
    " recorded_at, source_event_id, source_sequence, source_partition, source_offset{more})"
    " SELECT %s, kind, {state}, amount, {currency}, debit_account_id, credit_account_id,"
    " CASE {state} WHEN 'rejected' THEN 0 ELSE amount END, stream, requested_by, {code},"
    " effective_at, clock_timestamp(), source_event_id, source_sequence,"
    " source_partition, source_offset{value} FROM ledger_transaction WHERE id = %s"
)
_LEG = (
    "INSERT INTO ledger_posting"
    " (transaction_id, account_id, direction, layer, amount, recorded_at) VALUES "
)
_TIME_OF = "(SELECT recorded_at FROM ledger_transaction WHERE id = %s)"
_ENTRY = (
    "INSERT INTO ledger_journal_entry (transaction_id, type, from_state, to_state, code, actor,"
    " cause, recorded_at, hash{more}) SELECT {about}, type, from_state, to_state, code, actor,"
    " cause, recorded_at, {hash}{value} FROM ledger_journal_entry LIMIT 1"
)
_SEAL = (
    "INSERT INTO ledger_journal_seal (number, previous, entries, last_xid, last_sequence,"
    " highest_sequence, sealed_at, digest)"
)
_NEXT = "(SELECT coalesce(max(number), 0) + 1 FROM ledger_journal_seal)"


def _plain(name: str, statement: str) -> Attempt:
    return Attempt(Way.SQL, name, lambda _: sql(statement))


def _on(name: str, statement: str, of: Callable[[Scene], Sequence[Any]]) -> Attempt:
    return Attempt(Way.SQL, name, lambda scene: sql(statement, of(scene)))


def _header(
    scene: Scene,
    *,
    state: str = "'posted'",
    code: str = "''",
    currency: str = "currency",
    written_by: str = "",
) -> Any:
    """Write another header like that of the transfer and return its id."""
    transaction_id = uuid7()
    statement = _HEADER.format(
        state=state,
        code=code,
        currency=currency,
        more=", written_by" if written_by else "",
        value=f", '{written_by}'" if written_by else "",
    )
    sql(statement, [transaction_id, scene.transfer.id])
    return transaction_id


def _legs(*legs: tuple[Any, Any, str, int], time: str = _TIME_OF) -> None:
    """Write postings of (transaction, account, direction, amount) by one statement."""
    values = ", ".join([f"(%s, %s, %s, 'posted', %s, {time})"] * len(legs))
    sql(_LEG + values, [value for leg in legs for value in (*leg, leg[0])])


def _total(account: Account, total: str, amount: int, of: Any) -> None:
    """Add what a transaction posted to a total of its account."""
    sql(
        f"UPDATE ledger_account SET {total} = {total} + %s, last_recorded_at = {_TIME_OF}"  # noqa: S608  constants
        " WHERE id = %s",
        [amount, of, account.id],
    )


def _one_sided(scene: Scene) -> None:
    _legs((_header(scene), scene.receiver.id, "credit", 250))


def _unbalanced(scene: Scene) -> None:
    new = _header(scene)
    _legs((new, scene.payer.id, "debit", 1), (new, scene.receiver.id, "credit", 250))


def _legs_for_committed(scene: Scene) -> None:
    known = scene.committed
    _legs(
        (known.id, known.debit_account_id, "debit", 1),
        (known.id, known.credit_account_id, "credit", 1),
    )


def _legs_elsewhere(scene: Scene) -> None:
    new = _header(scene)
    _legs((new, scene.receiver.id, "debit", 250), (new, scene.payer.id, "credit", 250))


def _legs_in_another_currency(scene: Scene) -> None:
    new = _header(scene, currency="'JPY'")
    _legs((new, scene.payer.id, "debit", 250), (new, scene.receiver.id, "credit", 250))


def _refused_with_legs(scene: Scene) -> None:
    new = _header(scene, state="'rejected'", code="'insufficient_funds'")
    _legs((new, scene.payer.id, "debit", 250), (new, scene.receiver.id, "credit", 250))


def _refused_and_checked_with_legs(scene: Scene) -> None:
    """Post for a refused transaction after the check that is due at COMMIT."""
    new = _header(scene, state="'rejected'", code="'insufficient_funds'")
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    _legs((new, scene.payer.id, "debit", 250), (new, scene.receiver.id, "credit", 250))


def _legs_without_totals(scene: Scene) -> None:
    new = _header(scene)
    _legs((new, scene.payer.id, "debit", 250), (new, scene.receiver.id, "credit", 250))


def _total_of_one_side(scene: Scene) -> None:
    new = _header(scene)
    _legs((new, scene.payer.id, "debit", 250), (new, scene.receiver.id, "credit", 250))
    _total(scene.receiver, "credits_posted", 250, new)


def _legs_of_another_time(scene: Scene) -> None:
    """Post for a time that the totals of the wallets are past, so that they need not follow."""
    new = _header(scene)
    _legs(
        (new, scene.payer.id, "debit", 250),
        (new, scene.receiver.id, "credit", 250),
        time=f"{_TIME_OF} - interval '1 year'",
    )
    for wallet in (scene.payer, scene.receiver):
        _total(wallet, "credits_posted", 0, new)


def _legs_after_totals(scene: Scene) -> None:
    """Bring the time of the wallets forward before posting, so that the totals need not follow."""
    new = _header(scene)
    for wallet in (scene.payer, scene.receiver):
        _total(wallet, "credits_posted", 0, new)
    _legs((new, scene.payer.id, "debit", 250), (new, scene.receiver.id, "credit", 250))


def _frozen_and_spent(scene: Scene) -> None:
    sql("UPDATE ledger_account SET status = 'frozen' WHERE id = %s", [scene.payer.id])
    new = _header(scene)
    _legs((new, scene.payer.id, "debit", 250), (new, scene.receiver.id, "credit", 250))
    _total(scene.payer, "debits_posted", 250, new)
    _total(scene.receiver, "credits_posted", 250, new)


def _legs_of_nothing(scene: Scene) -> None:
    _legs((uuid7(), scene.payer.id, "debit", 1), (uuid7(), scene.receiver.id, "credit", 1))


def _negative_legs(scene: Scene) -> None:
    new = _header(scene)
    _legs((new, scene.payer.id, "debit", -250), (new, scene.receiver.id, "credit", -250))


def _shadowed(scene: Scene) -> None:
    """Put a table of our own in front of the one that the rules read, and post by that."""
    new = uuid7()
    sql(
        "CREATE TEMPORARY TABLE ledger_transaction AS"
        " SELECT * FROM public.ledger_transaction WHERE id = %s",
        [scene.transfer.id],
    )
    sql(
        "UPDATE pg_temp.ledger_transaction SET id = %s, written_by = pg_current_xact_id(),"
        " recorded_at = clock_timestamp()",
        [new],
    )
    _legs((new, scene.payer.id, "debit", 1), (new, scene.receiver.id, "credit", 1))


def _without_legs(scene: Scene) -> None:
    _header(scene)


def _closed_and_opened(scene: Scene) -> None:
    sql("UPDATE ledger_account SET status = 'closed' WHERE id = %s", [scene.receiver.id])
    sql("UPDATE ledger_account SET status = 'open' WHERE id = %s", [scene.receiver.id])


def _counted_twice(scene: Scene) -> None:
    """Add what was posted to the totals once more, under the same time."""
    sql(
        "UPDATE ledger_account SET credits_posted = credits_posted + 250,"
        " last_recorded_at = last_recorded_at WHERE id = %s",
        [scene.receiver.id],
    )


ROWS = [
    _on(
        "change the amount of a posting",
        "UPDATE ledger_posting SET amount = amount + 1 WHERE transaction_id = %s",
        lambda scene: [scene.committed.id],
    ),
    _on(
        "change a posting of this very transaction",
        "UPDATE ledger_posting SET amount = amount + 1 WHERE transaction_id = %s",
        lambda scene: [scene.transfer.id],
    ),
    _plain("delete postings", "DELETE FROM ledger_posting"),
    _plain("empty the postings", "TRUNCATE ledger_posting"),
    _plain(
        "change a posting by MERGE",
        "MERGE INTO ledger_posting AS old USING (SELECT max(id) AS id FROM ledger_posting) AS new"
        " ON old.id = new.id WHEN MATCHED THEN UPDATE SET amount = 1",
    ),
    _plain(
        "change a posting within a query",
        "WITH changed AS (UPDATE ledger_posting SET amount = 1 RETURNING id)"
        " SELECT count(*) FROM changed",
    ),
    _plain("lock postings for a change", "SELECT id FROM ledger_posting LIMIT 1 FOR UPDATE"),
    _plain("change a journal entry", "UPDATE ledger_journal_entry SET actor = 'user:nobody'"),
    _plain("change hashes", "UPDATE ledger_journal_entry SET hash = sha256('')"),
    _plain("delete journal entries", "DELETE FROM ledger_journal_entry"),
    _plain("empty the journal", "TRUNCATE ledger_journal_entry"),
    _on(
        "change the amount of a transaction",
        "UPDATE ledger_transaction SET amount = amount + 1 WHERE id = %s",
        lambda scene: [scene.committed.id],
    ),
    _on(
        "refuse a posted transaction afterwards",
        "UPDATE ledger_transaction SET state = 'rejected', rejection_code = 'x' WHERE id = %s",
        lambda scene: [scene.committed.id],
    ),
    _on(
        "change a transaction by ON CONFLICT",
        _HEADER.format(state="state", code="rejection_code", currency="currency", more="", value="")
        + " ON CONFLICT (id) DO UPDATE SET amount = 1",
        lambda scene: [scene.committed.id, scene.committed.id],
    ),
    _plain("delete transactions", "DELETE FROM ledger_transaction"),
    _plain("empty the transactions", "TRUNCATE ledger_transaction CASCADE"),
    _plain("change a seal", "UPDATE ledger_journal_seal SET digest = sha256('')"),
    _plain("delete seals", "DELETE FROM ledger_journal_seal"),
    _plain("empty the seals", "TRUNCATE ledger_journal_seal"),
    _plain("delete accounts", "DELETE FROM ledger_account"),
    _plain("empty the accounts", "TRUNCATE ledger_account CASCADE"),
]
"""Changes of what is there."""

NEW_ROWS = [
    Attempt(Way.SQL, "post one side only", _one_sided),
    Attempt(Way.SQL, "post unequal sides", _unbalanced),
    Attempt(Way.SQL, "add postings to a committed transaction", _legs_for_committed),
    Attempt(Way.SQL, "post to other accounts than the transaction names", _legs_elsewhere),
    Attempt(Way.SQL, "post in another currency", _legs_in_another_currency),
    Attempt(Way.SQL, "post for a refused transaction", _refused_with_legs),
    Attempt(
        Way.SQL,
        "post for a refused transaction that was checked",
        _refused_and_checked_with_legs,
    ),
    Attempt(Way.SQL, "post and leave the totals", _legs_without_totals),
    Attempt(Way.SQL, "post and let one total follow", _total_of_one_side),
    Attempt(Way.SQL, "post for a time that is past", _legs_of_another_time),
    Attempt(Way.SQL, "post after the totals' time", _legs_after_totals),
    Attempt(Way.SQL, "post without a transaction", _legs_of_nothing),
    Attempt(Way.SQL, "post negative amounts", _negative_legs),
    Attempt(Way.SQL, "shadow a table that the rules read", _shadowed),
    Attempt(Way.SQL, "write a posted transaction without postings", _without_legs),
    Attempt(
        Way.SQL,
        "claim that another transaction wrote a header",
        lambda one: _header(one, state="'rejected'", code="'x'", written_by="3"),
    ),
    _on(
        "decide a request twice",
        _HEADER.format(
            state="state", code="rejection_code", currency="currency", more="", value=""
        ),
        lambda scene: [scene.committed.id, scene.committed.id],
    ),
    _plain(
        "write an entry about nothing",
        _ENTRY.format(about="gen_random_uuid()", hash="hash", more="", value=""),
    ),
    _plain(
        "write an entry with half a hash",
        _ENTRY.format(about="transaction_id", hash="''::bytea", more="", value=""),
    ),
    _plain(
        "slip an entry in below the seals",
        _ENTRY.format(about="transaction_id", hash="hash", more=", written_by", value=", '3'"),
    ),
    _plain(
        "seal with a digest of our own",
        f"{_SEAL} SELECT {_NEXT}, sha256(''), 1, written_by::text::bigint, sequence, sequence,"  # noqa: S608  constants
        " now(), sha256('') FROM ledger_journal_entry LIMIT 1",
    ),
    _plain(
        "seal entries whose writer runs",
        f"{_SEAL} SELECT {_NEXT}, coalesce((SELECT digest FROM ledger_journal_seal"  # noqa: S608  constants
        " ORDER BY number DESC LIMIT 1), decode(repeat('00', 32), 'hex')), 1,"
        " written_by::text::bigint, sequence, sequence, now(), hash FROM ledger_journal_entry"
        " ORDER BY written_by DESC, sequence DESC LIMIT 1",
    ),
    _plain(
        "leave out a number of seals",
        f"{_SEAL} SELECT {_NEXT} + 1, sha256(''), 1, written_by::text::bigint, sequence, sequence,"  # noqa: S608  constants
        " now(), sha256('') FROM ledger_journal_entry LIMIT 1",
    ),
]
"""Rows that must not come."""

ACCOUNTS = [
    _on(
        "raise a wallet's money without a posting",
        "UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    _on(
        "raise a wallet's money under a later time",
        "UPDATE ledger_account SET credits_posted = credits_posted + 1,"
        " last_recorded_at = clock_timestamp() WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    Attempt(Way.SQL, "count a posting twice", _counted_twice),
    _on(
        "take back what a wallet spent",
        "UPDATE ledger_account SET debits_posted = 0 WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    _on(
        "spend more than a wallet has",
        "UPDATE ledger_account SET debits_posted = credits_posted + 1 WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    _on(
        "hold more than a wallet has",
        "UPDATE ledger_account SET debits_pending = credits_posted + 1 WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    _on(
        "make totals negative",
        "UPDATE ledger_account SET credits_pending = -1 WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    _on(
        "give a wallet to somebody else",
        "UPDATE ledger_account SET owner = gen_random_uuid() WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    _on(
        "change a wallet's currency",
        "UPDATE ledger_account SET currency = 'KWD' WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    _on(
        "turn a wallet into an account of the house",
        "UPDATE ledger_account SET owner = NULL, role = 'cash_clearing', normal_side = 'debit'"
        " WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    _on(
        "set the time of recording back",
        "UPDATE ledger_account SET last_recorded_at = last_recorded_at - interval '1 hour'"
        " WHERE id = %s",
        lambda scene: [scene.payer.id],
    ),
    Attempt(Way.SQL, "open a closed wallet again", _closed_and_opened),
    Attempt(Way.SQL, "spend from a frozen wallet", _frozen_and_spent),
    _plain(
        "open a wallet with money in it",
        "INSERT INTO ledger_account (id, owner, role, currency, normal_side, status,"
        " debits_posted, credits_posted, debits_pending, credits_pending, opened_at)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), '', 'EUR', 'credit', 'open',"
        " 0, 1000, 0, 0, now())",
    ),
    _on(
        "open a second wallet in one currency",
        "INSERT INTO ledger_account (id, owner, role, currency, normal_side, status,"
        " debits_posted, credits_posted, debits_pending, credits_pending, opened_at)"
        " VALUES (gen_random_uuid(), %s, '', 'EUR', 'credit', 'open', 0, 0, 0, 0, now())",
        lambda scene: [scene.payer.owner],
    ),
]
"""Money and wallets out of nothing."""

RULES = [
    _plain("switch all triggers off for the session", "SET session_replication_role = replica"),
    _plain("switch a table's triggers off", "ALTER TABLE ledger_posting DISABLE TRIGGER ALL"),
    _plain("drop a trigger", "DROP TRIGGER ledger_posting_append_only ON ledger_posting"),
    _plain("drop a rule's function", "DROP FUNCTION ledger_refuse_change() CASCADE"),
    _plain("rename a rule's function", "ALTER FUNCTION ledger_refuse_change() RENAME TO harmless"),
    _plain(
        "replace a rule's function",
        "CREATE OR REPLACE FUNCTION public.ledger_refuse_change() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ),
    _plain(
        "add a trigger of our own",
        "CREATE TRIGGER ours BEFORE INSERT ON ledger_posting FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ),
    _plain(
        "add a rule that swallows rows",
        "CREATE RULE ours AS ON INSERT TO ledger_journal_entry DO INSTEAD NOTHING",
    ),
    _plain(
        "drop a constraint",
        "ALTER TABLE ledger_account DROP CONSTRAINT account_wallet_available_not_negative",
    ),
    _plain(
        "change a default",
        "ALTER TABLE ledger_journal_entry ALTER COLUMN written_by SET DEFAULT '3'",
    ),
    _plain("drop a table", "DROP TABLE ledger_posting CASCADE"),
    _plain("hang a table below another", "CREATE TABLE ours () INHERITS (ledger_posting)"),
    _plain("rename a table", "ALTER TABLE ledger_journal_seal RENAME TO ours"),
    _plain(
        "change the catalogue",
        "UPDATE pg_trigger SET tgenabled = 'D' WHERE tgrelid = 'ledger_posting'::regclass",
    ),
    Attempt(
        Way.SQL,
        "become the owner",
        lambda _: sql(
            "DO $$ BEGIN EXECUTE format('SET ROLE %%I',"
            " (SELECT tableowner FROM pg_tables WHERE tablename = 'ledger_posting')); END $$"
        ),
    ),
    Attempt(
        Way.SQL,
        "give the owner's rights to ourselves",
        lambda _: sql(
            "DO $$ BEGIN EXECUTE format('GRANT %%I TO %%I',"
            " (SELECT tableowner FROM pg_tables WHERE tablename = 'ledger_posting'),"
            " current_user); END $$"
        ),
    ),
]
"""The rules themselves."""

STATEMENTS = [*ROWS, *NEW_ROWS, *ACCOUNTS, *RULES]
