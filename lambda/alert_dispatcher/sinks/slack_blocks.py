"""Slack messages as Block Kit, inside Slack's limits. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from alert_common.alert import Severity
from alert_common.context import Link
from alert_common.delivery import Action, Delivery
from alert_dispatcher.brief import Brief, brief
from alert_dispatcher.text import clock, day_and_clock, shorten

HEADER_LIMIT, SECTION_LIMIT = 150, 3_000
FACT_LIMIT, STEPS_LIMIT, ASIDE_LIMIT = 600, 1_500, 500
"""Far below Slack's own limits, so that what must stay fits in one message, whatever an alarm's author wrote."""
LINK_LIMIT = 3_000
MESSAGE_LIMIT = 12_000
"""Slack counts about 13,000 characters over all blocks; some are kept in hand."""
LOG_CHARACTERS = 2_000

Block = Mapping[str, Any]
Message = Mapping[str, Any]


def render(delivery: Delivery) -> Message:
    """Write the message: `text` for notifications, `blocks` for the eye."""
    told = brief(delivery)
    if delivery.action is Action.RESOLVE:
        return _message(delivery, told, "✅", _resolved(delivery, told))
    if delivery.action is Action.NOTE:
        return _message(delivery, told, "⚪", [*_links(delivery.context.links)])
    return _message(delivery, told, _emoji(delivery), _full(delivery, told))


def render_resolved(delivery: Delivery, was: str) -> Message:
    """Write the form that the first message takes when the alert is over: short, and still saying what it was."""
    told = brief(delivery)
    return _message(delivery, told, "✅", _resolved(delivery, told, was=was))


def render_reply(delivery: Delivery) -> Message:
    """Write the thread's closing line."""
    told = brief(delivery)
    still = f" Still in alarm: {_codes(told.also_in_alarm)}." if told.also_in_alarm else ""
    line = f"✅ {fit(told.headline, 1_000)} ({local(delivery.alert.at)}).{still}"
    return {"text": fit(f"✅ {told.headline}", SECTION_LIMIT), "blocks": [_section(line)], **_QUIET}


def escape(text: str) -> str:
    """Escape what Slack reads as markup: no mention, no link, no entity comes out of an alarm's text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fit(text: str, limit: int) -> str:
    """Escape, and cut so that the escaped text fits; an entity is never split."""
    escaped = escape(text)
    if len(escaped) <= limit:
        return escaped
    kept, used = [], 1
    for character in text:
        used += len(escape(character))
        if used > limit:
            break
        kept.append(character)
    return escape("".join(kept)) + "…"


def local(at: datetime, *, with_day: bool = False) -> str:
    """Write a time that Slack shows in each reader's own zone; where it cannot, UTC."""
    template, otherwise = ("{date_short_pretty} {time}", day_and_clock) if with_day else ("{time}", clock)
    return f"<!date^{int(at.timestamp())}^{template}|{otherwise(at)}>"


_QUIET: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False, "link_names": False}


def _message(delivery: Delivery, told: Brief, emoji: str, blocks: Sequence[Block]) -> Message:
    environment = f"[{delivery.context.environment}] " if delivery.context.environment else ""
    headline = f"{emoji} {environment}{told.headline}"
    header = {"type": "plain_text", "text": shorten(headline, HEADER_LIMIT), "emoji": True}
    return {
        # Also what a phone shows, so it starts with the state.
        "text": fit(headline, SECTION_LIMIT),
        "blocks": _bounded([{"type": "header", "text": header}, *blocks]),
        **_QUIET,
    }


def _emoji(delivery: Delivery) -> str:
    if delivery.action is Action.INFORM:
        return "ℹ️"  # noqa: RUF001 - Slack's information sign
    return {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}[delivery.alert.severity]


def _full(delivery: Delivery, told: Brief) -> list[Block]:
    alert, context = delivery.alert, delivery.context
    since = f"{local(told.began, with_day=told.is_far)}{told.lag}" if delivery.action is not Action.INFORM else ""
    facts = [
        ("Since", since),
        ("How bad", fit(told.how_bad, FACT_LIMIT)),
        ("What changed", fit(told.changed, FACT_LIMIT)),
        ("Objective", fit(told.objective, FACT_LIMIT)),
    ]
    owner = f"owner {context.owner}" if context.owner else ""
    where = " · ".join(part for part in (told.where, str(alert.severity), owner) if part)
    blocks: list[Block] = [_context(where)]
    fields = [_mrkdwn(f"*{name}*\n{text}") for name, text in facts if text]
    if fields:
        blocks.append({"type": "section", "fields": fields})
    if told.first:
        steps = told.first if len(told.first) == 1 else tuple(f"{i}. {s}" for i, s in enumerate(told.first, 1))
        blocks.append(_section("*Do first*\n" + fit("\n".join(steps), STEPS_LIMIT)))
    if told.why:
        blocks.append(_section(f"*Why*\n{fit(told.why, 700)}"))
    if not alert.understood:
        blocks.append(_code("As it came", alert.raw, LOG_CHARACTERS))
    if told.signals:
        blocks.append(_code("Signals, before → since it began", _table(told), LOG_CHARACTERS))
    if told.logs:
        blocks.append(_code("Last error lines, UTC", "\n".join(told.logs), LOG_CHARACTERS))
    if siblings := _siblings(told):
        blocks.append(_context(siblings, escaped=True))
    blocks += _links(context.links)
    if told.missing:
        blocks.append(_context(f"Could not be fetched: {told.missing}"))
    return blocks


def _resolved(delivery: Delivery, told: Brief, was: str = "") -> list[Block]:
    alert = delivery.alert
    lines = []
    if was:
        lines.append(f"*Was* {fit(was, 1_000)}")
    end = local(alert.at)
    span = f"{local(delivery.opened_at, with_day=told.is_far)} to {end}" if delivery.opened_at else f"at {end}"
    lines.append(f"{span} · {fit(told.where, 500)}" if told.where else span)
    if told.changed.startswith("Deployed"):
        lines.append(f"*What changed* {fit(told.changed, FACT_LIMIT)}")
    if told.also_in_alarm:
        lines.append(f"*Still in alarm* {_codes(told.also_in_alarm)}")
    return [_section("\n".join(lines)), *_links(delivery.context.links)]


def _table(told: Brief) -> str:
    widths = [max(len(row[i]) for row in told.signals) for i in range(3)]
    return "\n".join(
        f"{name:<{widths[0]}}  {before:>{widths[1]}} → {after:<{widths[2]}}  {line}".rstrip()
        for name, before, after, line in told.signals
    )


def _siblings(told: Brief) -> str:
    parts = []
    if told.also_in_alarm:
        parts.append(f"*Also in alarm* {_codes(told.also_in_alarm)}")
    if told.fine_siblings:
        parts.append(f"{told.fine_siblings} other alarm{'s' if told.fine_siblings > 1 else ''} not in alarm")
    return " · ".join(parts)


def _codes(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{fit(name.replace('`', ''), 120)}`" for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def _links(links: Sequence[Link]) -> list[Block]:
    usable = [link for link in links if len(link.href) <= LINK_LIMIT // 2 and not set("|<> \n") & set(link.href)]
    text = ""
    for link in usable:
        longer = f"{text}{' · ' if text else ''}<{escape(link.href)}|{fit(link.text, 75)}>"
        if len(longer) <= SECTION_LIMIT:
            text = longer
    return [_section(text)] if text else []


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str, *, escaped: bool = False) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text if escaped else fit(text, ASIDE_LIMIT))]}


def _code(title: str, text: str, limit: int) -> Block:
    inside = fit(text.replace("```", "'''"), limit)
    return _section(f"*{title}*\n```{inside}```")


def _mrkdwn(text: str) -> Mapping[str, Any]:
    # Verbatim: Slack must not turn @channel or #general in an alarm's text into a mention.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _bounded(blocks: Sequence[Block]) -> list[Block]:
    """Drop the longest code blocks until the whole fits; header, facts and links stay."""
    kept = list(blocks)
    while sum(map(_size, kept)) > MESSAGE_LIMIT:
        code = [b for b in kept if "```" in b.get("text", {}).get("text", "")]
        if not code:
            break
        kept.remove(max(code, key=_size))
    return kept


def _size(block: Block) -> int:
    texts = [block.get("text", {}), *block.get("fields", []), *block.get("elements", [])]
    return sum(len(t.get("text", "")) for t in texts)
