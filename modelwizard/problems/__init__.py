"""Problem types: everything that differs between a label, an amount and a count, one object for each type.

A type is one file of this folder and one entry below; every other room asks the object and names no type. Importing
this room loads no NumPy: what computes imports it when it is called.
"""

from modelwizard.problems.base import Problem
from modelwizard.problems.binary import Binary
from modelwizard.problems.bounded import Bounded
from modelwizard.problems.count import Count
from modelwizard.problems.multiclass import Multiclass
from modelwizard.problems.multilabel import Multilabel
from modelwizard.problems.ordinal import Ordinal
from modelwizard.problems.positive import Positive
from modelwizard.problems.regression import Regression
from modelwizard.problems.seen import Seen
from modelwizard.problems.vector import Vector

__all__ = ["PROBLEMS", "Problem", "Seen"]

PROBLEMS: dict[str, Problem] = {
    problem.name: problem
    for problem in (
        Binary(),
        Multiclass(),
        Multilabel(),
        Regression(),
        Bounded(),
        Vector(),
        Positive(),
        Count(),
        Ordinal(),
    )
}
