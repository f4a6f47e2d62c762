"""What the rule of a composite alarm makes of the states of its children.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from collections.abc import Callable

import numpy as np

from alarmlab.engine.judge import STATES
from alarmlab.engine.window import Codes, Truths
from alarmlab.model.rules import AtLeast, Both, Constant, Either, InState, Not, Rule
from alarmlab.model.states import State


def is_true(rule: Rule, state_of: Callable[[str], State]) -> bool:
    """Whether the rule holds now, given the state of an alarm by its name or ARN as the rule writes it."""
    return bool(holds(rule, lambda name: np.array([STATES.index(state_of(name))], dtype=np.int8), 1)[0])


def holds(rule: Rule, codes_of: Callable[[str], Codes], number: int) -> Truths:
    """Whether the rule holds at each of so many moments, given the codes of the states of an alarm by its id."""
    match rule:
        case Constant(value):
            return np.full(number, value)
        case InState(state, name):
            found: Truths = codes_of(name) == STATES.index(state)
            return found
        case Not(operand):
            return ~holds(operand, codes_of, number)
        case Both(left, right):
            return holds(left, codes_of, number) & holds(right, codes_of, number)
        case Either(left, right):
            return holds(left, codes_of, number) | holds(right, codes_of, number)
        case AtLeast(least, state, names, negated):
            count = np.zeros(number, dtype=np.int16)
            for name in names:
                count += (codes_of(name) == STATES.index(state)) != negated
            return np.asarray(count >= least)
