"""Block Kit's limits: each at its edge, and one beyond."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inbox.contracts.blocks import block_problems
from sandbox.inbox.contracts.slack import POST_CHARACTERS, message_error
from tests.unit.inbox.samples import message

DIVIDER = {"type": "divider"}
PICTURE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "chart"}


def mrkdwn(length: int) -> dict[str, str]:
    """A mrkdwn text of `length` characters of two bytes."""
    return {"type": "mrkdwn", "text": "é" * length}


def plain(length: int) -> dict[str, str]:
    """A plain text of `length` characters of two bytes."""
    return {"type": "plain_text", "text": "é" * length}


def section(length: int) -> dict[str, Any]:
    """A section with a text of `length` characters."""
    return {"type": "section", "text": mrkdwn(length)}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    """An actions block."""
    return {"type": "actions", "elements": list(elements)}


def button(**changes: Any) -> dict[str, Any]:
    """A button with the longest text."""
    return {"type": "button", "text": plain(75), **changes}


TAKEN: list[list[dict[str, Any]]] = [
    message()["blocks"],
    [DIVIDER] * 50,
    [section(3000)],
    [{"type": "header", "text": plain(150)}],
    [{"type": "section", "fields": [mrkdwn(2000)] * 6 + [plain(1)] * 4}],
    [{"type": "context", "elements": [mrkdwn(1)] * 9 + [PICTURE]}],
    [actions(*[button(url="https://a.example/" + "x" * 2982)] * 25)],
    [PICTURE],
    [{"type": "image", "slack_file": {"id": "F1"}, "alt_text": "chart"}],
    [{"type": "section", "text": mrkdwn(1), "accessory": button(style="danger")}],
    [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}]}],
    [{"type": "markdown", "text": "a"}],
    [{"type": "divider", "block_id": "b" * 255}],
]

REFUSED: list[tuple[list[dict[str, Any]], str]] = [
    ([DIVIDER] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([section(3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section(0)], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section"}], "must define either `fields` or `text` [json-pointer:/blocks/0]"),
    ([{"type": "header", "text": plain(151)}], "must be less than 151 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "header", "text": mrkdwn(1)}], "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
    (
        [{"type": "section", "fields": [mrkdwn(1)] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        [{"type": "section", "fields": [mrkdwn(2001)]}],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        [{"type": "context", "elements": [mrkdwn(1)] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    ([actions(*[button()] * 26)], "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
    (
        [actions(button(text=plain(76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        [actions(button(url="https://a.example/" + "x" * 2983))],
        "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
    ),
    ([actions(button(style="green"))], "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]"),
    ([{**PICTURE, "image_url": "http://a.example"}], "invalid url [json-pointer:/blocks/0/image_url]"),
    ([{"type": "image", "alt_text": "a"}], "must define either `image_url` or `slack_file` [json-pointer:/blocks/0]"),
    (
        [{"type": "image", "slack_file": {}, "alt_text": "a"}],
        "must define either `id` or `url` [json-pointer:/blocks/0/slack_file]",
    ),
    (
        [{"type": "image", "image_url": "https://a.example"}],
        "missing required field: alt_text [json-pointer:/blocks/0]",
    ),
    ([{"type": "chart"}], "unsupported type: chart [json-pointer:/blocks/0/type]"),
    ([{"text": plain(1)}], "missing required field: type [json-pointer:/blocks/0]"),
    ([{"type": "divider", "color": "red"}], "invalid additional property: color [json-pointer:/blocks/0]"),
    (
        [{"type": "divider", "block_id": "b" * 256}],
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    ([{"type": "divider", "block_id": "b"}] * 2, "`block_id` 'b' already exists [json-pointer:/blocks/1/block_id]"),
    (
        [{"type": "rich_text", "elements": [{"type": "text"}]}],
        "unsupported type: text [json-pointer:/blocks/0/elements/0/type]",
    ),
    ([{"type": "markdown"}], "missing required field: text [json-pointer:/blocks/0]"),
]


@pytest.mark.parametrize("blocks", TAKEN)
def test_taken(blocks: list[dict[str, Any]]) -> None:
    """Blocks at Slack's limits are taken."""
    assert block_problems(blocks) == []


@pytest.mark.parametrize(("blocks", "problem"), REFUSED)
def test_refused(blocks: list[dict[str, Any]], problem: str) -> None:
    """One beyond a limit is refused with the JSON pointer to it."""
    problems = block_problems(blocks)
    general = "failed to match all allowed schemas"
    assert [found for found in problems if not found.startswith(general)] == [problem]


def test_a_text_object_that_fails_is_named_as_a_whole_first() -> None:
    """Slack lists the text object before what is wrong inside it."""
    assert block_problems([section(3001)]) == [
        "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"text": "a"}, None),
        ({"text": "x" * 40_000}, None),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({}, "no_text"),
        ({"text": "  ", "blocks": []}, "no_text"),
        ({"text": 1}, "invalid_arguments"),
        ({"blocks": [DIVIDER]}, None),
        ({"blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"blocks": ["divider"]}, "invalid_blocks"),
        ({"blocks": [section(3000)] * 4 + [section(1000)]}, None),
        ({"blocks": [section(3000)] * 4 + [section(1001)]}, "msg_blocks_too_long"),
        ({"attachments": [{"color": "#e01e5a", "blocks": [DIVIDER]}] * 100}, None),
        ({"attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
        ({"attachments": [{"blocks": [section(3001)]}]}, "invalid_attachments"),
        ({"attachments": ["a"]}, "invalid_attachments"),
        ({"attachments": [{"blocks": [section(3000)] * 5}]}, "msg_blocks_too_long"),
    ],
)
def test_messages(arguments: dict[str, Any], code: str | None) -> None:
    """A message is refused with Slack's own code, at the limit it is taken."""
    error = message_error(arguments, most_characters=POST_CHARACTERS)
    assert (error.code if error else None) == code


def test_details_come_as_slack_writes_them() -> None:
    """`response_metadata.messages` carries every problem with its pointer."""
    error = message_error({"blocks": [{"type": "chart"}]}, most_characters=POST_CHARACTERS)
    assert error is not None
    assert error.body() == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": ["unsupported type: chart [json-pointer:/blocks/0/type]"],
        "response_metadata": {"messages": ["[ERROR] unsupported type: chart [json-pointer:/blocks/0/type]"]},
    }


_KINDS = st.sampled_from(["section", "header", "image", "context", "actions", "rich_text", "markdown", "button", "x"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["text", "fields", "elements", "accessory", "slack_file", "image_url", "title", "style", "id"]
            ),
            inner,
            max_size=4,
        ).flatmap(lambda value: _KINDS.map(lambda kind: {"type": kind, **value}))
    ),
    max_leaves=12,
)


@given(blocks=_JSON)
def test_never_raises(blocks: object) -> None:
    """Whatever stands where blocks belong is refused in words, never with an exception."""
    assert isinstance(block_problems(blocks), list)
    message_error({"blocks": blocks, "attachments": blocks}, most_characters=POST_CHARACTERS)
