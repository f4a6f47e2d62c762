"""Texts that stand for what only the deployment decides."""

import re
from collections.abc import Sequence
from typing import Any

from alarmlab.assembly.stacks import Stack

PSEUDO = (
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
)
"""The pseudo parameters."""
_SAFE = re.compile(r"\$\{AWS::(?:AccountId|Partition|Region|URLSuffix)\}")
_PARTITIONS = {"cn-": ("aws-cn", "amazonaws.com.cn"), "us-gov-": ("aws-us-gov", "amazonaws.com")}


class StandIn(str):
    """A text that has a part which only the deployment decides."""

    __slots__ = ()


class Pieces(StandIn):
    """The pieces of a stand-in that is split, of which nobody knows how many there are."""

    __slots__ = ("delimiter",)
    delimiter: str

    def piece(self, index: object) -> StandIn:
        """One of them."""
        return StandIn(f"{self}[{self.delimiter}{index}]")


class NoValue:
    """AWS::NoValue: the property is as good as not there."""


NO_VALUE = NoValue()


def pseudo_parameter(name: str, stack: Stack) -> Any:
    """The value of a pseudo parameter, or what stands for it."""
    if name == "AWS::NoValue":
        return NO_VALUE
    if name == "AWS::NotificationARNs":
        return []
    partition, suffix = next(
        (found for prefix, found in _PARTITIONS.items() if stack.region.startswith(prefix)), ("aws", "amazonaws.com")
    )
    known = {
        "AWS::AccountId": stack.account,
        "AWS::Region": stack.region,
        "AWS::StackName": stack.stack_name,
        "AWS::Partition": partition if stack.region else "",
        "AWS::URLSuffix": suffix if stack.region else "",
    }
    return known.get(name) or StandIn(f"${{{name}}}")


def joined(delimiter: str, items: Sequence[Any]) -> str:
    """Texts and numbers as one text, which stands for something where one of them does."""
    text = delimiter.join(text_of(item) for item in items)
    return StandIn(text) if any(isinstance(item, StandIn) for item in items) else text


def split_known(delimiter: str, text: StandIn) -> list[str] | Pieces:
    """The pieces of a stand-in, where what it stands for cannot hold the delimiter."""
    bare = _SAFE.sub("\\0", text)
    if "${" in bare or len(delimiter) != 1 or delimiter not in ":/":
        pieces = Pieces(text)
        pieces.delimiter = delimiter
        return pieces
    names = iter(_SAFE.findall(text))
    return [_named(piece, names) for piece in bare.split(delimiter)]


def _named(piece: str, names: Any) -> str:
    if "\0" not in piece:
        return piece
    return StandIn(re.sub("\0", lambda _: next(names), piece))


def text_of(item: Any) -> str:
    """A text, number or truth value as CloudFormation writes it.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, str | int | float):
        return str(item)
    raise TypeError(item)
