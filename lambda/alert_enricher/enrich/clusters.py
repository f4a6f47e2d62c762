"""Lines of a log that say the same about different things, put together; pure.

A line becomes a template: what varies (numbers, hex, UUIDs, quoted strings, addresses, paths) is masked. Templates of as many
words that differ in few of them are one, as in Drain (He et al., 2017), without its tree: a page has thousands of lines at most.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

TEXT_LIMIT = 400
"""Characters that a template is made of; what is alike so far is alike."""
WORDS = 40
ALIKE = 0.75
"""Share of words that two templates must have in common to be one."""
FEWEST_WORDS = 4
"""Shorter lines are compared as they are: one word of three is another error."""
NEIGHBOURS = 20
"""Templates of one length that a line is compared with, the newest, so that the time stays linear."""

_VARYING = re.compile(
    r"""https?://[^\s"'<>]+"""
    r"""|"[^"]{0,300}"|(?<!\w)'[^']{0,300}'(?!\w)"""
    r"""|\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"""
    r"""|\b0x[0-9a-fA-F]+\b|\b(?=[a-fA-F]*\d)[0-9a-fA-F]{7,64}\b"""
    r"""|(?<![\w.])(?:[A-Za-z]:)?(?:[/\\][\w.@+~-]+){2,}"""
    r"""|\d+(?:[.,:]\d+)*"""
)
_MASK = "*"


@dataclass(kw_only=True)
class Cluster:
    """Lines that say the same."""

    words: list[str]
    first_at: int
    at: int
    """Of the newest line, in milliseconds."""
    text: str
    """The newest line."""
    count: int = 1


def cluster(lines: Iterable[tuple[int, str]]) -> list[Cluster]:
    """Put lines, given as (milliseconds, text) with the oldest first, together; the counts add up to all of them."""
    exact: dict[tuple[str, ...], Cluster] = {}
    of_length: dict[int, list[Cluster]] = {}
    for at, text in lines:
        words = tuple(_VARYING.sub(_MASK, text[:TEXT_LIMIT]).split()[:WORDS])
        found = exact.get(words)
        if found is None:
            neighbours = of_length.setdefault(len(words), [])
            found = next((c for c in reversed(neighbours[-NEIGHBOURS:]) if _are_alike(c.words, words)), None)
            if found is None:
                exact[words] = Cluster(words=list(words), first_at=at, at=at, text=text)
                neighbours.append(exact[words])
                continue
            found.words = [a if a == b else _MASK for a, b in zip(found.words, words, strict=True)]
            exact[words] = found
        found.count += 1
        found.at, found.text = at, text
    return list({id(c): c for c in exact.values()}.values())


def _are_alike(template: list[str], words: tuple[str, ...]) -> bool:
    if len(words) < FEWEST_WORDS:
        return False
    same = sum(1 for a, b in zip(template, words, strict=True) if a in (b, _MASK))
    return same >= ALIKE * len(words)
