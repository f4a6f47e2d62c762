"""DynamoDB's expressions, as far as the functions write them; what is beyond that fails the test that meets it."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Item = dict[str, Any]
Values = Mapping[str, Any]
Condition = Callable[[Item, Values], bool]

_TERM = re.compile(
    r"(attribute_not_exists|attribute_exists)\((\w+)\)|(?P<size>size\()?(\w+)(?(size)\)) (=|<>|<=|>=|<|>) (:\w+)"
)
_CLAUSE = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@cache
def condition(text: str) -> Condition:
    """Return what decides whether an item meets the expression: comparisons and existence, joined by AND and OR."""
    choices = [[_term(term) for term in choice.split(" AND ")] for choice in text.split(" OR ")]
    return lambda item, values: any(all(term(item, values) for term in terms) for terms in choices)


def updated(item: Item, text: str, values: Values) -> Item:
    """Return the item after an update expression."""
    changed = dict(item)
    for verb, part in _clauses(text):
        for entry in (entry.strip() for entry in part.split(",")):
            if verb == "REMOVE":
                changed.pop(entry, None)
            elif verb == "SET":
                name, value = re.fullmatch(r"(\w+) = (:\w+)", entry).groups()  # type: ignore[union-attr]
                changed[name] = values[value]
            elif verb == "ADD":
                name, value = entry.split()
                changed[name] = _sum(changed.get(name), values[value])
            else:
                raise NotImplementedError(f"the cloud of the tests knows no {verb}")
    return changed


@cache
def _clauses(text: str) -> tuple[tuple[str, str], ...]:
    parts = [part.strip() for part in _CLAUSE.split(text)]
    assert not parts[0], f"the update does not begin with a verb: {text}"
    return tuple(zip(parts[1::2], parts[2::2], strict=True))


def _term(text: str) -> Condition:
    found = _TERM.fullmatch(text.strip())
    assert found, f"the cloud of the tests does not know the condition {text!r}"
    function, of, size, name, sign, value = found.groups()
    if function:
        return lambda item, _: (of in item) is (function == "attribute_exists")
    compare = _COMPARISONS[sign]
    if size:
        return lambda item, values: name in item and compare(len(_plain(item[name])), _plain(values[value]))
    return lambda item, values: name in item and compare(_plain(item[name]), _plain(values[value]))


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, plain),) = value.items()
    return float(plain) if kind == "N" else plain


def _sum(old: Any, more: Any) -> Any:
    if "SS" in more:
        return {"SS": sorted({*(old or {"SS": []})["SS"], *more["SS"]})}
    return {"N": str(int((old or {"N": "0"})["N"]) + int(more["N"]))}
