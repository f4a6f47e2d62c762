"""Filter patterns of CloudWatch Logs for unstructured events.

After "Using filter patterns to match terms in unstructured log events" of the CloudWatch Logs user guide.
"""

import re
from collections.abc import Callable

Matcher = Callable[[str], bool]
"""Tells whether a message matches."""

# Other characters need double quotes; within them a backslash escapes.
_TERM = re.compile(r'(?P<sign>[?-]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|(?P<word>\w+))(?:\s+|$)', re.DOTALL)
_REGEX = re.compile(r"[A-Za-z0-9_:#=@/;,\-^$?\[\]{}|\\*+.]+")


def compile_unstructured(pattern: str) -> Matcher:
    """The matcher of a pattern.

    `ERROR code` wants both terms, `?ERROR ?WARN` one of them, `-DEBUG` refuses a term, `"a phrase"` is taken literally,
    `%4[0-9]+%` alone is a regular expression, and an empty pattern matches all. Case counts. As the service does, terms
    with `?` are ignored when there are others beside them.

    Raises:
        ValueError: CloudWatch Logs would refuse the pattern; the message names the part.
    """
    pattern = pattern.strip()
    if pattern.startswith("%"):
        return _regular_expression(pattern)
    terms: dict[str, list[str]] = {"": [], "?": [], "-": []}
    position = 0
    while position < len(pattern):
        found = _TERM.match(pattern, position)
        if found is None:
            raise ValueError(
                f"Invalid character(s) in term '{pattern[position:].split()[0]}': "
                "a term of other than letters, digits and underscores needs double quotation marks"
            )
        terms[found["sign"]].append(_text(found))
        position = found.end()
    wanted, optional, refused = terms[""], terms["?"], terms["-"]
    if optional and not wanted and not refused:
        return lambda message: any(term in message for term in optional)
    return lambda message: all(term in message for term in wanted) and not any(term in message for term in refused)


def _text(term: re.Match[str]) -> str:
    if term["word"] is not None:
        return term["word"]
    phrase = re.sub(r"\\(.)", r"\1", term["phrase"], flags=re.DOTALL)
    # The documented way to match everything is a blank phrase, also for messages without a blank.
    return phrase if phrase.strip() else ""


def _regular_expression(pattern: str) -> Matcher:
    expression = pattern[1:-1]
    if len(pattern) < 3 or not pattern.endswith("%") or not _REGEX.fullmatch(expression):
        raise ValueError(f"Invalid regular expression '{pattern}': unclosed, or with a character that is not supported")
    try:
        compiled = re.compile(expression, re.ASCII)
    except re.error as error:
        raise ValueError(f"Invalid regular expression '{pattern}': {error}") from error
    return lambda message: compiled.search(message) is not None
