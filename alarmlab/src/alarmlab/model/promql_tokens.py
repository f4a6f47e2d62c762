"""What PromQL is written with: words, numbers, durations, strings and symbols; and a place among them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from alarmlab.errors import InputError, UnsupportedError

_UNITS: Mapping[str, float] = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_DURATION = r"(?:\d+(?:ms|[smhdwy]))+"
_TOKEN = re.compile(
    rf"""
    (?P<blank>\s+|\#[^\n]*)
    | (?P<duration>{_DURATION})(?!\w)
    | (?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?!\w)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    | (?P<symbol>=~|!~|==|!=|>=|<=|[-+*/%^<>=(){{}}\[\],@:])
    | (?P<word>[A-Za-z_:][\w:]*)
    """,
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class PromQLError(InputError):
    """A query that is not understood."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token.

    Args:
        kind: `duration`, `number`, `string`, `symbol`, `word` or `end`.
        text: as it is written.
    """

    kind: str
    text: str


END = Token("end", "the end")


def tokenize(text: str) -> list[Token]:
    """The tokens of a query, without blanks and comments.

    Raises:
        PromQLError: with the query and the character that begins none.
    """
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise PromQLError(f"Query {text!r}: unexpected {text[at]!r} at character {at + 1}")
        if match.lastgroup != "blank":
            tokens.append(Token(match.lastgroup or "", match[0]))
        at = match.end()
    return tokens


class Cursor:
    """A place among the tokens of a query.

    Args:
        text: the query.

    Raises:
        PromQLError: as `tokenize`.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text)
        self._at = 0

    def error(self, problem: str) -> PromQLError:
        """The error of a query that is not understood."""
        return PromQLError(f"Query {self._text!r}: {problem}")

    def unsupported(self, what: str) -> UnsupportedError:
        """The error of what is not evaluated here."""
        return UnsupportedError(f"Query {self._text!r}: {what} is not evaluated here")

    def peek(self) -> Token:
        """The token that comes next; `END` at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else END

    def next(self) -> Token:
        """Take the token that comes next."""
        token = self.peek()
        self._at += 1
        return token

    def keyword(self) -> str:
        """The next word in small letters: keywords and aggregations are written in either case."""
        return self.peek().text.lower() if self.peek().kind == "word" else ""

    def is_symbol(self, text: str) -> bool:
        """Whether a symbol comes next."""
        return self.peek() == Token("symbol", text)

    def take(self, text: str) -> bool:
        """Take a symbol if it comes next; whether it did."""
        found = self.is_symbol(text)
        self._at += found
        return found

    def expect(self, text: str) -> None:
        """Take a symbol.

        Raises:
            PromQLError: another token comes next.
        """
        if not self.take(text):
            raise self.error(f"expected {text!r}, found {self.peek().text!r}")


def seconds_of(duration: str) -> float:
    """How long `1h30m` is."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))


def unquoted(text: str) -> str:
    """What a string says."""
    inside = text[1:-1]
    if text[0] == "`":
        return inside
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), inside)
