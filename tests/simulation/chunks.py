"""A chunk of seeds, as a worker process runs it."""

from collections import Counter


def run_chunk(seeds: range) -> tuple[Counter[str], str]:
    """Run some seeds; what they did, and the story of the first that failed."""
    # Imported here: in a worker, and only after Django was set up.
    from tests.simulation.run import Failed, run_seed  # noqa: PLC0415
    from tests.simulation.seams import seams  # noqa: PLC0415

    counted: Counter[str] = Counter()
    with seams():
        for seed in seeds:
            try:
                outcome = run_seed(seed)
            except Failed as error:
                return counted + Counter(failed=1, seeds=1), str(error)
            counted.update(seeds=1, steps=outcome.steps, events=outcome.effects)
            counted.update({f"with {kind}": 1 for kind in outcome.kinds})
    return counted, ""
