"""The page: what arrived looks as it would look, and can do nothing."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inbox.inbox import Inbox
from sandbox.inbox.page import render_page
from sandbox.inbox.page.blockkit import render_block
from sandbox.inbox.page.elements import el, html
from sandbox.inbox.page.mrkdwn import mrkdwn, plain

INJECTION = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def shown(nodes: Any) -> str:
    """The HTML of `nodes`."""
    return re.sub(r"^<!doctype html>\n<p>|</p>$", "", html(el("p", "", nodes)).decode())


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("*bold* _it_ ~gone~ `a*b*c`", "<b>bold</b> <i>it</i> <s>gone</s> <code>a*b*c</code>"),
        ("*bold with _it_ inside*", "<b>bold with <i>it</i> inside</b>"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("```\na < b\n*no*\n```", "<pre>a &lt; b\n*no*</pre>"),
        ("a &lt;b&gt; &amp;amp; c", "a &lt;b&gt; &amp;amp; c"),
        ("one\ntwo", "one<br>two"),
        ("&gt; quoted\nafter", "<blockquote>quoted</blockquote>after"),
        (":red_circle: :unknown_one:", "🔴 :unknown_one:"),
        ("at 10:20:30 today", "at 10:20:30 today"),
        ("<!channel> <@U123>", '<span class="mention broadcast">@channel</span> <span class="mention">@U123</span>'),
        ("<#C123|alerts>", '<span class="mention">#alerts</span>'),
        ("<!date^1700000000^{date_num} {time_secs}|then>", "2023-11-14 22:13:20"),
        ("<javascript:alert(1)|click>", "<span>click</span>"),
    ],
)
def test_mrkdwn(text: str, markup: str) -> None:
    """Slack's mrkdwn is drawn as Slack draws it."""
    assert markup in shown(mrkdwn(text))


@pytest.mark.parametrize(
    ("text", "url", "label"),
    [
        ("<https://a.example/?x=1&amp;y=2|the *runbook*>", "https://a.example/?x=1&amp;y=2", "the *runbook*"),
        ("<https://a.example>", "https://a.example", "https://a.example"),
        ("see https://a.example/x_y_z.", "https://a.example/x_y_z", "https://a.example/x_y_z"),
        ("<mailto:a@b.example|a@b.example>", "mailto:a@b.example", "a@b.example"),
    ],
)
def test_links(text: str, url: str, label: str) -> None:
    """Links carry their address and open without telling where they were clicked."""
    markup = shown(mrkdwn(text))
    assert f'href="{url}"' in markup
    assert f">{label}</a>" in markup
    assert 'rel="noopener noreferrer"' in markup


def test_plain_text_is_not_formatted() -> None:
    """A header keeps its asterisks; only emoji and line breaks are drawn."""
    assert shown(plain("*a* :fire:\n<b>")) == "*a* 🔥<br>&lt;b&gt;"


def test_a_picture_from_elsewhere_is_named_and_not_loaded() -> None:
    """The page loads nothing from other machines."""
    block = {"type": "image", "image_url": "https://a.example/chart.png", "alt_text": "errors over time"}
    markup = shown(render_block(block))
    assert "<img" not in markup
    assert "errors over time" in markup


def test_rich_text() -> None:
    """Lists, styles, links and quotes of rich text are drawn."""
    text = {"type": "text", "text": "bold", "style": {"bold": True}}
    block = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_list", "style": "ordered", "elements": [{"elements": [text]}]},
            {"type": "rich_text_quote", "elements": [{"type": "link", "url": "https://a.example", "text": "there"}]},
        ],
    }
    markup = shown(render_block(block))
    assert "<ol><li><b>bold</b></li></ol>" in markup
    assert '<blockquote><a href="https://a.example"' in markup


@given(text=st.text(st.sampled_from("<>&|*_~`:!@#^\n ascript\"'=/.{}\ud800"), max_size=60))
def test_no_text_becomes_markup(text: str) -> None:
    """Whatever a message says, the tags on the page are those that mrkdwn knows."""
    tags = set(re.findall(r"<(\w+)", shown([mrkdwn(text), plain(text)])))
    assert tags <= {"b", "i", "s", "code", "pre", "br", "a", "span", "blockquote"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(details=_JSON)
def test_any_custom_details_can_be_shown(details: Any) -> None:
    """`custom_details` of any shape is drawn."""
    inbox = Inbox()
    event = {
        "event_action": "trigger",
        "payload": {"summary": "s", "source": "x", "severity": "info", "custom_details": details},
    }
    inbox.incidents.take(routing_key="…", dedup_key="d", event=event, at="2026-11-23T15:00:00.000Z")
    assert b'class="incident triggered info"' in render_page(inbox)


def test_injection_stays_text() -> None:
    """Markup in a summary, a detail's name and a link's text is shown, not run."""
    inbox = Inbox()
    event = {
        "event_action": "trigger",
        "payload": {
            "summary": INJECTION,
            "source": INJECTION,
            "severity": "info",
            "custom_details": {INJECTION: INJECTION},
        },
        "links": [{"href": "javascript:alert(1)", "text": INJECTION}],
        "images": [{"src": 'https://a.example/"onerror="alert(1)', "alt": INJECTION}],
    }
    inbox.incidents.take(routing_key="…", dedup_key="d", event=event, at="2026-11-23T15:00:00.000Z")
    page = render_page(inbox).decode()
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "javascript:" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
