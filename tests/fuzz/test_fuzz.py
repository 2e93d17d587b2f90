"""
Whatever a client sends, the API answers as docs/openapi says, and never with a 5xx.

In the ordinary run it is a sample; the verb `fuzz` sets FUZZ_CASES, and FUZZ_SERVICE for one.
"""

import os

import pytest

from tests.fuzz.running import SERVICES, run_cases, run_round

# Signing in and up hashes passwords, which is slow on purpose; the verb fuzzes that, too.
SAMPLE = ("--max-examples", "2", "--exclude-path-regex", "/auth/")
CHOSEN = os.environ.get("FUZZ_SERVICE")


@pytest.mark.timeout(0)  # as long as the cases take
@pytest.mark.parametrize("service", [CHOSEN] if CHOSEN else SERVICES)
def test_the_api_is_what_its_description_says(service):
    cases = int(os.environ.get("FUZZ_CASES", "0"))

    done = run_cases(service, cases) if cases else run_round(service, *SAMPLE)

    assert done.passed, done.output
    assert done.cases >= max(cases, done.operations), done.output
    print(f"{service}: {done.cases} cases of {done.operations} operations, nothing found")
