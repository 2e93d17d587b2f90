"""Bugs in repair: what was lost is not sent again, or is where it must not be."""

from tests.mutants.mutant import SIMULATION, Mutant

_VERDICT = "common/reconciliation/verdict.py"
_UNIT = "tests/common/reconciliation/test_verdict.py"

REPAIRING = (
    Mutant(
        name="missed-for-ever",
        what="never sends again what the broker has lost",
        file="common/reconciliation/sweep.py",
        old="        if verdict is Verdict.REPEATED and room > 0:\n",
        new="        if verdict is Verdict.REPEATED and room < 0:\n",
        tests=(SIMULATION, "tests/common/reconciliation/test_sweep.py"),
    ),
    Mutant(
        name="rubbish-holds-the-place",
        what="leaves a stream to staff although a stranger's record stands in its way",
        file=_VERDICT,
        old="    if theirs.held and (following is None or following.event_id in theirs.held):\n",
        new="    if theirs.held:\n",
        tests=(SIMULATION, _UNIT),
    ),
    Mutant(
        name="flood",
        what="sends again what the other side has before it and will read",
        file=_VERDICT,
        old="    if places is None or not _was_read(event, places):\n",
        new="    if places is None:\n",
        tests=(_UNIT,),
    ),
    Mutant(
        name="sent-again-from-too-high",
        what="sends the missed events again from the wrong place on",
        file="common/outbox/republish.py",
        old="WHERE stream = %s AND sequence > %s AND published_at IS NOT NULL",
        new="WHERE stream = %s AND sequence > %s + 1 AND published_at IS NOT NULL",
        tests=("tests/common/outbox/test_republish.py",),
    ),
)
