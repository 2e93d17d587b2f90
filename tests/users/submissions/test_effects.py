"""Every kind of difference between what users accepted and what the ledger did, planted."""

import json
from datetime import timedelta

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from common.ids import uuid7
from common.inbox.models import InboxWaiting
from common.internal.contracts import Asked, Decision, ExportHeader
from tests.factories.users import NOON, TransactionRequestFactory
from users.submissions import proof
from users.submissions.effects import Pair, Verdict, effect_of
from users.submissions.internal_api import asked_of
from users.submissions.management.commands import prove_effects
from users.submissions.proof import pairs_merge
from users.wiring import WIRING

GRACE = timedelta(seconds=60)
LATER = NOON + timedelta(hours=1)


def decision_on(asked: Asked, **members) -> Decision:
    """The decision that agrees with a settled request; a pending one was posted."""
    posted = asked.state != "rejected"
    return Decision(
        **{
            "id": asked.id,
            "stream": asked.stream,
            "kind": asked.kind,
            "state": "posted" if posted else "rejected",
            "amount": asked.amount,
            "currency": asked.currency,
            "captured_amount": asked.amount if posted else 0,
            "reversed_amount": asked.reversed_amount,
            "rejection_code": asked.rejection_code,
            "accepted_at": asked.accepted_at,
            "recorded_at": NOON,
            **members,
        }
    )


def asked_for(**members) -> Asked:
    return Asked(
        **{
            "id": uuid7(),
            "stream": uuid7(),
            "kind": "withdrawal",
            "state": "posted",
            "amount": 250,
            "currency": "EUR",
            "captured_amount": 250,
            "rejection_code": None,
            "accepted_at": NOON,
            "settled_at": NOON,
            **members,
        }
    )


PENDING = {"state": "pending", "captured_amount": 0, "settled_at": None}


def effect(asked, decision, *, held=False, as_of=LATER):
    one = asked or decision
    return effect_of(Pair(one.id, asked, decision), held=held, as_of=as_of, grace=GRACE)


class TestEffect:
    def test_agrees_when_both_say_the_same(self):
        posted = asked_for()
        refused = asked_for(state="rejected", captured_amount=0, rejection_code="account_frozen")

        assert effect(posted, decision_on(posted)).verdict is Verdict.AGREES
        assert effect(refused, decision_on(refused)).verdict is Verdict.AGREES

    @pytest.mark.parametrize(
        ("member", "other"),
        [
            ("stream", uuid7()),
            ("kind", "deposit"),
            ("amount", 251),
            ("currency", "USD"),
            ("accepted_at", NOON + timedelta(microseconds=1)),
            ("state", "rejected"),
            ("captured_amount", 249),
            ("reversed_amount", 1),
            ("rejection_code", "account_frozen"),
        ],
    )
    def test_differs_with_both_sides_of_what_is_not_the_same(self, member, other):
        asked = asked_for()

        found = effect(asked, decision_on(asked, **{member: other}))

        assert found.verdict is Verdict.DIFFERS
        assert found.sides == {member: (getattr(asked, member), other)}

    def test_agrees_with_a_discarded_request_of_which_nothing_was_legible(self):
        asked = asked_for(state="rejected", captured_amount=0, rejection_code="discarded_by_staff")
        illegible = dict.fromkeys(("kind", "amount", "currency", "accepted_at"))

        assert effect(asked, decision_on(asked, **illegible)).verdict is Verdict.AGREES

    @pytest.mark.parametrize(
        ("as_of", "held", "expected"),
        [
            (NOON + timedelta(seconds=59), False, Verdict.PENDING),
            (NOON + timedelta(seconds=61), False, Verdict.UNDECIDED),
            (NOON + timedelta(seconds=61), True, Verdict.HELD),
        ],
    )
    def test_of_an_undecided_request_depends_on_its_age_and_its_stream(self, as_of, held, expected):
        assert effect(asked_for(**PENDING), None, held=held, as_of=as_of).verdict is expected

    @pytest.mark.parametrize(
        ("as_of", "held", "expected"),
        [
            (NOON + timedelta(seconds=59), False, Verdict.PENDING),
            (NOON + timedelta(seconds=61), False, Verdict.DIFFERS),
            (NOON + timedelta(seconds=61), True, Verdict.HELD),
        ],
    )
    def test_of_an_outcome_on_its_way_depends_on_its_age_and_stream(self, as_of, held, expected):
        asked = asked_for(**PENDING)

        assert effect(asked, decision_on(asked), held=held, as_of=as_of).verdict is expected

    def test_of_a_hold_that_both_keep_agrees(self):
        asked = asked_for(**PENDING | {"state": "authorised"})
        same = {"state": "authorised", "captured_amount": 0}

        assert effect(asked, decision_on(asked, **same)).verdict is Verdict.AGREES

    def test_of_a_hold_that_one_side_keeps_depends_on_its_age(self):
        asked = asked_for(**PENDING | {"state": "authorised"})

        found = [
            effect(asked, decision_on(asked, state="voided", captured_amount=0), as_of=as_of)
            for as_of in (NOON, LATER)
        ]

        assert [one.verdict for one in found] == [Verdict.PENDING, Verdict.DIFFERS]
        assert found[1].sides == {"state": ("authorised", "voided")}

    def test_of_a_hold_that_was_settled_after_the_file_is_pending(self):
        asked = asked_for(settled_at=LATER)
        before = {"state": "authorised", "captured_amount": 0}

        found = effect(asked, decision_on(asked, **before), as_of=NOON)

        assert found.verdict is Verdict.PENDING

    def test_of_other_money_differs_even_before_it_is_settled(self):
        asked = asked_for(**PENDING)

        found = effect(asked, decision_on(asked, amount=1), as_of=NOON)

        assert (found.verdict, found.sides) == (Verdict.DIFFERS, {"amount": (250, 1)})

    def test_is_missing_when_the_ledger_has_no_decision(self):
        assert effect(asked_for(), None).verdict is Verdict.MISSING

    def test_is_not_missing_when_it_was_settled_after_the_file(self):
        assert effect(asked_for(settled_at=LATER), None, as_of=NOON).verdict is Verdict.PENDING

    def test_is_unknown_when_nobody_asked(self):
        assert effect(None, decision_on(asked_for())).verdict is Verdict.UNKNOWN


def test_pairs_are_by_id_whichever_side_has_more():
    first, second, third, fourth = (asked_for() for _ in range(4))

    pairs = list(
        pairs_merge([second, third], [decision_on(first), decision_on(third), decision_on(fourth)])
    )

    assert [pair.id for pair in pairs] == [first.id, second.id, third.id, fourth.id]
    sides = [(pair.asked is not None, pair.decision is not None) for pair in pairs]
    assert sides == [(False, True), (True, False), (True, True), (False, True)]


@pytest.fixture
def exported(tmp_path):
    """Write what the other service's `export_decisions` would."""

    def write(decisions, *, at=None, held=()):
        path = tmp_path / "ledger.ndjson"
        soon = timezone.now() + timedelta(seconds=5)
        lines = [ExportHeader(exported_at=at or soon, held=list(held)), *decisions]
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        return str(path)

    return write


@pytest.mark.django_db
class TestCommand:
    """With a file: no service is asked."""

    @pytest.fixture(autouse=True)
    def connection_of_the_test(self, monkeypatch):
        monkeypatch.setattr(prove_effects, "timeouts_use", lambda _: None)

    def prove(self, capsys, *arguments):
        """Every verdict that was printed, and the error that ended it."""
        error = None
        try:
            call_command("prove_effects", "--json", *arguments)
        except CommandError as raised:
            error = raised
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        summary = lines.pop()["summary"]
        return {line["id"]: line for line in lines}, summary, error

    def test_finds_exactly_what_was_planted(self, exported, capsys, monkeypatch):
        monkeypatch.setattr(proof, "_PAGE", 3)
        monkeypatch.setattr(proof, "_LOOK_AGAIN_AT", 2)
        rows = [TransactionRequestFactory(posted=True) for _ in range(5)]
        rejected = TransactionRequestFactory(rejected=True)
        missing = TransactionRequestFactory(posted=True)
        undecided, held = TransactionRequestFactory(), TransactionRequestFactory()
        young = TransactionRequestFactory(accepted_at=timezone.now())
        settled = [asked_of(row) for row in (*rows, rejected)]
        unknown = asked_for(id=uuid7())
        decisions = [decision_on(one) for one in (*settled, unknown)]
        decisions[2] = decision_on(settled[2], amount=1, captured_amount=1)

        found, summary, error = self.prove(
            capsys, "--file", exported(decisions, held=[held.user_id])
        )

        assert {id_: line["verdict"] for id_, line in found.items()} == {
            str(rows[2].id): "differs",
            str(missing.id): "missing_in_ledger",
            str(unknown.id): "unknown_to_users",
            str(undecided.id): "undecided_too_long",
            str(held.id): "held",
            str(young.id): "pending",
        }
        assert found[str(rows[2].id)]["differs"] == {
            "amount": {"users": 250, "ledger": 1},
            "captured_amount": {"users": 250, "ledger": 1},
        }
        assert summary["agrees"] == 5
        assert str(error) == "4 of 11 transactions differ"

    def test_ends_well_when_all_agrees(self, exported, capsys):
        row = TransactionRequestFactory(posted=True)
        file = exported([decision_on(asked_of(row))])

        assert self.prove(capsys, "--file", file)[2] is None
        assert self.prove(capsys, "--file", file, "--all")[0][str(row.id)]["verdict"] == "agrees"

    def test_says_it_in_words_too(self, exported, capsys):
        row = TransactionRequestFactory(posted=True)
        file = exported([decision_on(asked_of(row), amount=1)])

        with pytest.raises(CommandError, match="1 of 1 transactions differ"):
            call_command("prove_effects", "--file", file)

        said = capsys.readouterr().out
        assert f"{row.id} differs amount: users 250, ledger 1" in said
        assert "missing_in_ledger" in said

    def test_sees_dead_letters_of_its_own_side(self, exported, capsys):
        row = TransactionRequestFactory()
        InboxWaiting.objects.create(
            consumer=WIRING.consumer,
            fingerprint="a",
            state="dead",
            source="/transactions",
            stream=row.user_id,
            topic="any",
            partition=0,
            offset=0,
            timestamp_ms=0,
            headers=b"[]",
            received_at=NOON,
        )

        found, _, error = self.prove(capsys, "--file", exported([decision_on(asked_of(row))]))

        assert (found[str(row.id)]["verdict"], error) == ("held", None)

    def test_leaves_out_what_came_after_the_file(self, exported, capsys):
        file = exported([], at=timezone.now() - timedelta(minutes=5))
        TransactionRequestFactory(posted=True)

        assert self.prove(capsys, "--file", file)[1]["missing_in_ledger"] == 0

    def test_is_bounded_by_the_time_in_the_ids(self, exported, capsys):
        now = timezone.now()
        TransactionRequestFactory(posted=True)
        file = exported([], at=now + timedelta(minutes=5))
        past, future = (now + timedelta(minutes=m) for m in (-1, 1))

        def missing(*bounds):
            return self.prove(capsys, "--file", file, *bounds)[1]["missing_in_ledger"]

        assert missing("--since", past.isoformat(), "--until", future.isoformat()) == 1
        assert missing("--since", future.isoformat()) == 0
        assert missing("--until", past.isoformat()) == 0

    @pytest.mark.parametrize(
        "content", [b"", b"{}\n", b'{"exported_at": "2026-01-02T12:00:00Z", "held": []}\n{"id": 1']
    )
    def test_proves_nothing_with_half_a_file(self, tmp_path, content):
        (tmp_path / "half").write_bytes(content)

        with pytest.raises(CommandError, match="nothing is proven") as raised:
            call_command("prove_effects", "--file", str(tmp_path / "half"))

        assert raised.value.returncode == 2

    def test_proves_nothing_with_a_file_out_of_order(self, exported):
        asked = [asked_for(), asked_for()]
        file = exported([decision_on(one) for one in reversed(asked)])

        with pytest.raises(CommandError, match="ids do not ascend"):
            call_command("prove_effects", "--file", file)

    def test_proves_nothing_without_the_other_service(self, settings):
        settings.PEER = {**settings.PEER, "URL": "http://127.0.0.1:1"}

        with pytest.raises(CommandError, match="nothing is proven: transactions does not answer"):
            call_command("prove_effects")
