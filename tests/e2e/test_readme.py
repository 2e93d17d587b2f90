"""The README's walk-through is run as it stands there."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WALK = re.compile(r"<!-- walk-through -->\n```bash\n(.*?)```", re.DOTALL)


def test_the_walk_through_does_what_it_says():
    steps = WALK.findall((ROOT / "README.md").read_text())
    assert steps, "the README has no walk-through"

    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", "\n".join(steps)],
        cwd=ROOT,
        env={**os.environ, "GATEWAY": os.environ["GATEWAY_URL"]},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for expected in (
        "HTTP/1.1 202",
        '"posted"',
        "idempotent-replayed: true",
        '"insufficient_funds"',
        "transaction_id,kind,amount,currency,balance_after",
        "401",
        "404",
    ):
        assert expected in done.stdout.lower() or expected in done.stdout, done.stdout
