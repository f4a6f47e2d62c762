"""Slack messages as Block Kit, inside Slack's limits. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from alert_common.alert import Severity, State
from alert_common.context import Link
from alert_common.incident import Member
from alert_common.page import Action, Page
from alert_dispatcher.brief import FAR, Brief, brief
from alert_dispatcher.sinks.base import Update
from alert_dispatcher.text import clock, day_and_clock, shorten, span

HEADER_LIMIT, SECTION_LIMIT = 150, 3_000
FACT_LIMIT, STEPS_LIMIT, ASIDE_LIMIT = 600, 1_500, 500
"""Far below Slack's own limits, so that what must stay fits in one message, whatever an alarm's author wrote."""
LINK_LIMIT = 3_000
MESSAGE_LIMIT = 12_000
"""Slack counts about 13,000 characters over all blocks; some are kept in hand."""
LOG_CHARACTERS = 2_000
MEMBERS = 15
"""Alerts of an incident that are listed, what fires first."""
SEVERITY: Mapping[Severity, str] = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
INFORMS = "ℹ️"  # noqa: RUF001 - Slack's information sign

Block = Mapping[str, Any]
Message = Mapping[str, Any]


def head(update: Update) -> Message:
    """Write the message that stands for the incident, as it is now: `text` for notifications, `blocks` for the eye."""
    page = update.page
    told = brief(page)
    if update.closes or update.over_before_told:
        sentence = f"{told.headline}: over{_after(update)}"
        return message(f"✅ {named(page, sentence)}", [*_stands_in(update), *_resolved(update, told)])
    return message(f"{emoji(update)} {named(page, told.headline)}", _full(update, told))


def full(page: Page) -> list[Block]:
    """Write everything there is to tell of one page, below its headline; of what came late only that."""
    told = brief(page)
    if page.action is not Action.CONTEXT:
        return _page(page, told)
    # The page that it adds to says the rest, and knew more: it is not to be contradicted.
    first = told.first if page.context.diagnosis else ()
    _, *rest = _page(page, replace(told, how_bad="", objective="", why="", first=first))
    return rest


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


QUIET: Mapping[str, Any] = {"unfurl_links": False, "unfurl_media": False, "link_names": False}


def named(page: Page, sentence: str) -> str:
    """Put the environment before a sentence."""
    return f"[{page.context.environment}] {sentence}" if page.context.environment else sentence


def message(headline: str, blocks: Sequence[Block]) -> Message:
    """Put a headline over blocks; it is also what a phone shows, so it starts with the state."""
    header = {"type": "plain_text", "text": shorten(headline, HEADER_LIMIT), "emoji": True}
    return {
        "text": fit(headline, SECTION_LIMIT),
        "blocks": bounded([{"type": "header", "text": header}, *blocks]),
        **QUIET,
    }


def emoji(update: Update) -> str:
    """Show how severe it is."""
    return INFORMS if update.incident.is_notice else SEVERITY[update.incident.severity]


def _after(update: Update) -> str:
    return f" after {span(update.lasted)}" if update.lasted is not None else ""


def _stands_in(update: Update) -> list[Block]:
    return [context(f"Told here because {update.stands_in}")] if update.stands_in else []


def _full(update: Update, told: Brief) -> list[Block]:
    head, *rest = _page(update.page, told)
    states = []
    if update.reminds:
        states.append(f"Still open after {span(update.now - update.incident.opened_at)}")
    if update.reopened:
        states.append("Open again")
    if not update.incident.is_open and not update.incident.is_notice:
        states.append("All alerts are over; it closes when it stays so")
    state = [section(f"*{' · '.join(states)}*")] if states else []
    return [head, *_stands_in(update), *state, *_members(update), *rest]


def _members(update: Update) -> list[Block]:
    """List the incident's alerts, what fires first."""
    incident = update.incident
    if len(incident.members) < 2:
        return []
    over = sorted((m for m in incident.members.values() if m.opened_at is None), key=lambda m: m.at, reverse=True)
    alerts = [*incident.firing, *over]
    lines = [_member(member) for member in alerts[:MEMBERS]]
    if len(alerts) > MEMBERS:
        firing = sum(member.opened_at is not None for member in alerts[MEMBERS:])
        lines.append(f"and {len(alerts) - MEMBERS} more, {firing or 'none'} of them firing")
    return [section("*Alerts*\n" + "\n".join(lines))]


def _member(member: Member) -> str:
    name = codes([member.name])
    if member.opened_at is None:
        return f"✅ {name} over since {local(member.at)}"
    no_data = ", no data now" if member.state is State.INSUFFICIENT_DATA else ""
    return f"{SEVERITY[member.severity]} {name} since {local(member.opened_at)}{no_data}"


def _page(page: Page, told: Brief) -> list[Block]:
    alert, around = page.alert, page.context
    since = (
        f"{local(told.began, with_day=told.is_far)}{told.lag}"
        if page.action not in {Action.INFORM, Action.CONTEXT}
        else ""
    )
    facts = [
        ("Since", since),
        ("How bad", fit(told.how_bad, FACT_LIMIT)),
        ("What changed", fit(told.changed, FACT_LIMIT)),
        ("Objective", fit(told.objective, FACT_LIMIT)),
    ]
    owner = f"owner {around.owner}" if around.owner else ""
    where = " · ".join(part for part in (told.where, str(alert.severity), owner) if part)
    blocks: list[Block] = [context(where)]
    fields = [_mrkdwn(f"*{name}*\n{text}") for name, text in facts if text]
    if fields:
        blocks.append({"type": "section", "fields": fields})
    if told.cause:
        evidence = "".join(f"\n• {fit(fact, 200)}" for fact in told.evidence[:4])
        blocks.append(section(f"*Diagnosis*\n{fit(told.cause, FACT_LIMIT)}{evidence}"))
    if told.first:
        steps = told.first if len(told.first) == 1 else tuple(f"{i}. {s}" for i, s in enumerate(told.first, 1))
        blocks.append(section("*Do first*\n" + fit("\n".join(steps), STEPS_LIMIT)))
    if told.why:
        blocks.append(section(f"*Why*\n{fit(told.why, 700)}"))
    if not alert.understood:
        blocks.append(_code("As it came", alert.raw, LOG_CHARACTERS))
    for title, lines in (
        ("Signals, before → since it began", _table(told)),
        ("Changes, newest first", told.history),
        ("Workload", told.workload),
        ("Last error lines, UTC", told.logs),
    ):
        if lines:
            blocks.append(_code(title, "\n".join(lines), LOG_CHARACTERS))
    if siblings := _siblings(told):
        blocks.append(context(siblings, escaped=True))
    blocks += _links(around.links)
    if told.missing:
        blocks.append(context(f"Not in this page: {told.missing}"))
    return blocks


def _resolved(update: Update, told: Brief) -> list[Block]:
    incident = update.incident
    lines = []
    if update.told.headline and update.told.headline != told.headline:
        lines.append(f"*Was* {fit(update.told.headline, 1_000)}")
    far = update.lasted is not None and update.lasted >= FAR
    end = f" to {local(incident.recovered_at)}" if incident.recovered_at else ""
    times = f"{local(incident.opened_at, with_day=far)}{end}"
    lines.append(f"{times} · {fit(told.where, 500)}" if told.where else times)
    end_page = update.end_page
    if end_page is not None:
        lines.append(f"*Now* {fit(brief(end_page).headline, FACT_LIMIT)}")
    if told.changed.startswith("Deployed"):
        lines.append(f"*What changed* {fit(told.changed, FACT_LIMIT)}")
    if told.cause and update.page.context.diagnosis:
        lines.append(f"*Diagnosis* {fit(told.cause, FACT_LIMIT)}")
    still = brief(end_page).also_in_alarm if end_page is not None else ()
    if still:
        lines.append(f"*Still in alarm* {codes(still)}")
    return [section("\n".join(lines)), *_members(update), *_links(update.page.context.links)]


def _table(told: Brief) -> tuple[str, ...]:
    widths = [max((len(row[i]) for row in told.signals), default=0) for i in range(3)]
    return tuple(
        f"{name:<{widths[0]}}  {before:>{widths[1]}} → {after:<{widths[2]}}  {line}".rstrip()
        for name, before, after, line in told.signals
    )


def _siblings(told: Brief) -> str:
    parts = []
    if told.also_in_alarm:
        parts.append(f"*Also in alarm* {codes(told.also_in_alarm)}")
    if told.fine_siblings:
        parts.append(f"{told.fine_siblings} other alarm{'s' if told.fine_siblings > 1 else ''} not in alarm")
    return " · ".join(parts)


def codes(names: Sequence[str]) -> str:
    """Write names, eight at most, as code."""
    shown = ", ".join(f"`{fit(name.replace('`', ''), 120)}`" for name in names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown


def _links(links: Sequence[Link]) -> list[Block]:
    usable = [link for link in links if len(link.href) <= LINK_LIMIT // 2 and not set("|<> \n") & set(link.href)]
    text = ""
    for link in usable:
        longer = f"{text}{' · ' if text else ''}<{escape(link.href)}|{fit(link.text, 75)}>"
        if len(longer) <= SECTION_LIMIT:
            text = longer
    return [section(text)] if text else []


def section(text: str) -> Block:
    """Make a section of text that is escaped already."""
    return {"type": "section", "text": _mrkdwn(text)}


def context(text: str, *, escaped: bool = False) -> Block:
    """Make a small line."""
    return {"type": "context", "elements": [_mrkdwn(text if escaped else fit(text, ASIDE_LIMIT))]}


def _code(title: str, text: str, limit: int) -> Block:
    inside = fit(text.replace("```", "'''"), limit)
    return section(f"*{title}*\n```{inside}```")


def _mrkdwn(text: str) -> Mapping[str, Any]:
    # Verbatim: Slack must not turn @channel or #general in an alarm's text into a mention.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def bounded(blocks: Sequence[Block]) -> list[Block]:
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
