"""Rules of composite alarms as their documentation tells it, for one moment.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from collections.abc import Callable

from alarmlab.model.rules import AtLeast, Both, Constant, Either, InState, Not, Rule
from alarmlab.model.states import State


def is_true(rule: Rule, state_of: Callable[[str], State]) -> bool:
    """Whether the rule holds, given the state of an alarm by its id."""
    match rule:
        case Constant(value):
            return value
        case InState(state, name):
            return state_of(name) is state
        case Not(operand):
            return not is_true(operand, state_of)
        case Both(left, right):
            return is_true(left, state_of) and is_true(right, state_of)
        case Either(left, right):
            return is_true(left, state_of) or is_true(right, state_of)
        case AtLeast(number, state, names, negated):
            return sum((state_of(name) is state) != negated for name in names) >= number
