"""PromQL queries as trees.

The language is that of Prometheus 3, which CloudWatch's PromQL follows, so names and labels may be quoted:
`{"http.server.active_requests", "@resource.service.name"="ranker"}`.
https://prometheus.io/docs/prometheus/latest/querying/basics/
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-PromQL-Querying.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

NAME = "__name__"
"""The label that holds the name of a metric."""

AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile")
PARAMETER_AGGREGATIONS = ("topk", "bottomk", "quantile")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
ARITHMETIC = ("+", "-", "*", "/", "%", "^")
SETS = ("and", "or", "unless")

Kind = Literal["scalar", "vector", "range"]

_OF_A_VECTOR = ("abs", "absent", "ceil", "exp", "floor", "ln", "log10", "log2", "sgn", "sqrt")
_OF_A_RANGE = (
    *(f"{name}_over_time" for name in ("absent", "avg", "count", "last", "max", "min", "present")),
    *(f"{name}_over_time" for name in ("stddev", "stdvar", "sum")),
    *("changes", "delta", "idelta", "increase", "irate", "rate", "resets"),
)
FUNCTIONS: Mapping[str, tuple[tuple[Kind, ...], Kind]] = {
    **dict.fromkeys(_OF_A_VECTOR, (("vector",), "vector")),
    **dict.fromkeys(_OF_A_RANGE, (("range",), "vector")),
    "clamp": (("vector", "scalar", "scalar"), "vector"),
    "clamp_max": (("vector", "scalar"), "vector"),
    "clamp_min": (("vector", "scalar"), "vector"),
    "histogram_quantile": (("scalar", "vector"), "vector"),
    "quantile_over_time": (("scalar", "range"), "vector"),
    "round": (("vector", "scalar"), "vector"),
    "scalar": (("vector",), "scalar"),
    "time": ((), "scalar"),
    "vector": (("scalar",), "vector"),
}
"""What each function takes and gives. `round` may do without its second argument."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """`label="value"`, with `=`, `!=`, `=~` or `!~`; a missing label has the empty value."""

    label: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Selector:
    """Series by their labels.

    Args:
        matchers: all of them hold.
        seconds: how much of each series, for a range; 0 for its newest value.
        offset: how many seconds ago.
    """

    matchers: tuple[Matcher, ...]
    seconds: float = 0.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Negation:
    """`-operand`."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `FUNCTIONS`."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One of `AGGREGATIONS`.

    Args:
        operand: what is aggregated.
        parameter: of `PARAMETER_AGGREGATIONS`.
        labels: what series are grouped by, or with `without`, what is left out of the groups.
    """

    operator: str
    operand: "Expression"
    parameter: "Expression | None" = None
    labels: tuple[str, ...] = ()
    without: bool = False


@dataclass(frozen=True, slots=True)
class Matching:
    """How the series of two sides find each other.

    Args:
        labels: those that are compared, or with `ignoring`, those that are not.
        many: the side of which several series may find the same one: `left`, `right` or neither.
        include: labels taken over from the side of the one.
    """

    labels: tuple[str, ...] = ()
    ignoring: bool = True
    many: str = ""
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`.

    Args:
        operator: of `ARITHMETIC`, `COMPARISONS` or `SETS`.
        as_bool: a comparison that gives 0 or 1 instead of leaving out what does not hold.
    """

    operator: str
    left: "Expression"
    right: "Expression"
    as_bool: bool = False
    matching: Matching = Matching()


Expression = Number | Selector | Negation | Call | Aggregation | Binary


def kind_of(expression: Expression) -> Kind:
    """Whether an expression is a number, a vector of series or a range of each."""
    match expression:
        case Number():
            return "scalar"
        case Selector(seconds=seconds):
            return "range" if seconds else "vector"
        case Negation(operand):
            return kind_of(operand)
        case Call(name):
            return FUNCTIONS[name][1]
        case Aggregation():
            return "vector"
        case Binary(left=left, right=right):
            return "scalar" if kind_of(left) == kind_of(right) == "scalar" else "vector"


def selectors(expression: Expression) -> tuple[Selector, ...]:
    """The selectors of an expression, from left to right."""
    match expression:
        case Number():
            return ()
        case Selector():
            return (expression,)
        case Negation(operand):
            return selectors(operand)
        case Call(arguments=arguments):
            return tuple(found for argument in arguments for found in selectors(argument))
        case Aggregation(operand=operand, parameter=parameter):
            return (*(selectors(parameter) if parameter else ()), *selectors(operand))
        case Binary(left=left, right=right):
            return (*selectors(left), *selectors(right))
