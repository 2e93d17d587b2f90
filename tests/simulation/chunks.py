"""What a worker process does: a chunk of seeds, or the long shuffled run."""

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


def run_shuffled(deliveries: int) -> tuple[bool, str]:
    """Deliver events in order and shuffled; whether both came to the same end, and the figures."""
    from tests.simulation.seams import seams  # noqa: PLC0415  as above
    from tests.simulation.shuffled import TIMES, shuffled_end  # noqa: PLC0415

    with seams():
        in_order, shuffled = shuffled_end(deliveries, seed=1)
    same = (in_order.effects, in_order.cursors) == (shuffled.effects, shuffled.cursors)
    events = sum(map(len, in_order.effects.values()))
    return same and shuffled.waiting == 0, (
        f"{events * TIMES:,} shuffled deliveries of {events:,} events, {TIMES} of each, with up to"
        f" {shuffled.most_waiting:,} waiting at a time: the end is"
        f" {'that' if same else 'NOT that'} of the same events in order"
    )
