"""Replies in an incident's thread, and digests, as Block Kit inside Slack's limits. Pure."""

from collections.abc import Sequence

from alert_common.incident import News
from alert_common.page import Action, Page
from alert_dispatcher.brief import brief
from alert_dispatcher.sinks import digest_lines
from alert_dispatcher.sinks.base import MANY, Digest, Update
from alert_dispatcher.sinks.slack_blocks import (
    INFORMS,
    LINK_LIMIT,
    MESSAGE_LIMIT,
    QUIET,
    SECTION_LIMIT,
    SEVERITY,
    Block,
    Message,
    bounded,
    codes,
    escape,
    fit,
    full,
    local,
    message,
    named,
    section,
)
from alert_dispatcher.text import span

LISTED = 30
LINE_LIMIT = 300
DIGEST_LIMIT = MESSAGE_LIMIT - 1_000
_MARK = {Action.RESOLVE: "✅", Action.NOTE: "⚪", Action.INFORM: INFORMS, Action.CONTEXT: "🔎"}


def reply(update: Update) -> Message:
    """Write the one reply that tells what the thread does not say yet."""
    news = update.told_news
    if len(update.news) == 1 and len(news) == 1 and news[0][1].action is not Action.RESOLVE:
        return _one(update, *news[0])
    lines = [_state(update)] if _state(update) else []
    if update.news and len(news) == len(update.news) and len(news) <= MANY:
        lines += [_piece(update, one, page) for one, page in news]
    elif update.news:
        lines += _list(update)
    if not lines:
        lines = [f"{SEVERITY[update.incident.severity]} *{len(update.incident.firing)} alerts fire*"]
    blocks = _sections(lines)
    first = lines[0].replace("*", "")
    return {"text": first[:SECTION_LIMIT], "blocks": bounded(blocks), **QUIET, **_aloud(update)}


def happened(page: Page) -> Message:
    """Write a message of its own about something that has no end."""
    return message(f"{INFORMS} {named(page, brief(page).headline)}", full(page))


def digest(told: Digest) -> Message:
    """Write one message with a line for each incident; those that do not fit are counted."""
    title = digest_lines.title(told)
    lines, used = [f"*{fit(title, 200)}*"], 200
    for index, update in enumerate(told.updates):
        line = _digest_line(update)
        if used + len(line) > DIGEST_LIMIT:
            lines.append(f"and {len(told.updates) - index} more")
            break
        lines.append(line)
        used += len(line) + 1
    return {"text": fit(title, SECTION_LIMIT), "blocks": _sections(lines), **QUIET}


def _digest_line(update: Update) -> str:
    line = digest_lines.line(update)
    incident = update.incident
    mark = "✅" if line.state == "over" else INFORMS if incident.is_notice else SEVERITY[incident.severity]
    lasted = f", over after {span(update.lasted)}" if update.lasted is not None else ""
    usable = line.link and len(line.link) <= LINK_LIMIT // 2 and not set("|<> \n") & set(line.link)
    look = f" · <{escape(line.link)}|look>" if usable else ""
    return f"{mark} {fit(line.headline, LINE_LIMIT)} · {local(incident.opened_at)}{lasted}{look}"


def _one(update: Update, news: News, page: Page) -> Message:
    told = brief(page)
    sentence = {Action.CONTEXT: f"Found out about {news.name}"}.get(news.action, told.headline)
    title = f"*{_mark(update, news)} {fit(sentence, 1_000)}*"
    state = _state(update)
    rest = [] if page.action is Action.NOTE else full(page)
    blocks: list[Block] = [section(f"{state}\n{title}" if state else title), *rest]
    return {
        "text": fit(f"{_mark(update, news)} {sentence}", SECTION_LIMIT),
        "blocks": bounded(blocks),
        **QUIET,
        **_aloud(update),
    }


def _piece(update: Update, news: News, page: Page) -> str:
    told = brief(page)
    bad = f"\n{fit(told.how_bad, 400)}" if news.action is Action.TRIGGER and told.how_bad else ""
    return f"{_mark(update, news)} {fit(told.headline, 800)} ({local(news.at)}){bad}"


def _list(update: Update) -> list[str]:
    news = update.news[-LISTED:]
    missed = update.incident.last_seq - update.told.seq - len(news)
    words = {
        Action.TRIGGER: "fires",
        Action.RESOLVE: "is over",
        Action.NOTE: "has no data",
        Action.INFORM: "happened",
        Action.CONTEXT: "was looked into",
    }
    lines = [f"{_mark(update, n)} {codes([n.name])} {words[n.action]} ({local(n.at)})" for n in news]
    return [*([f"{missed} changes before these are not listed"] if missed > 0 else []), *lines]


def _mark(update: Update, news: News) -> str:
    member = update.incident.members.get(news.member)
    severity = member.severity if member else update.incident.severity
    return _MARK.get(news.action, SEVERITY[severity])


def _state(update: Update) -> str:
    """Say what has become of the incident as a whole, empty where only alerts changed."""
    incident = update.incident
    if update.closes:
        after = f" after {span(update.lasted)}" if update.lasted is not None else ""
        ended = f" ({local(incident.recovered_at)})" if incident.recovered_at else ""
        return f"✅ *Over{after}*{ended}{_end(update)}"
    if update.reopened:
        return f"{SEVERITY[incident.severity]} *Open again*"
    if update.escalates:
        return f"{SEVERITY[incident.severity]} *Now {incident.severity}*"
    if update.reminds:
        count = len(incident.firing)
        fire = f"{count} alert{'s fire' if count != 1 else ' fires'}"
        return f"⏰ *Still open after {span(update.now - incident.opened_at)}*: {fire}"
    return ""


def _end(update: Update) -> str:
    if update.end_page is None:
        return ""
    told = brief(update.end_page)
    still = f". Still in alarm: {codes(told.also_in_alarm)}" if told.also_in_alarm else ""
    return f": {fit(told.headline, 800)}{still}"


def _aloud(update: Update) -> dict[str, bool]:
    """What must not go unseen is shown in the channel too."""
    return {"reply_broadcast": True} if update.reopened or update.escalates or update.reminds else {}


def _sections(lines: Sequence[str]) -> list[Block]:
    """Put lines into as few sections as Slack allows."""
    blocks, text = [], ""
    for line in lines:
        if text and len(text) + 1 + len(line) > SECTION_LIMIT:
            blocks.append(section(text))
            text = ""
        text = f"{text}\n{line}" if text else line
    return [*blocks, section(text)]
