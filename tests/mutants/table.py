"""All planted bugs, in the order of the road."""

from tests.mutants.accepting import ACCEPTING
from tests.mutants.consuming import CONSUMING
from tests.mutants.deciding import DECIDING
from tests.mutants.judging import JUDGING
from tests.mutants.mutant import Mutant
from tests.mutants.publishing import PUBLISHING
from tests.mutants.repairing import REPAIRING

MUTANTS: tuple[Mutant, ...] = (
    *ACCEPTING,
    *PUBLISHING,
    *CONSUMING,
    *JUDGING,
    *DECIDING,
    *REPAIRING,
)
