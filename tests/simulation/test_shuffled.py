from tests.simulation.seams import seams
from tests.simulation.shuffled import shuffled_end


def test_shuffled_and_repeated_deliveries_come_to_the_same_end_as_those_in_order():
    with seams():
        in_order, shuffled = shuffled_end(20_000, seed=1)

    assert shuffled.effects == in_order.effects
    assert shuffled.cursors == in_order.cursors
    assert shuffled.waiting == 0
    assert shuffled.most_waiting > 0
