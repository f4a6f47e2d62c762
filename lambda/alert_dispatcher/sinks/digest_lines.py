"""The lines of a digest, as plain text."""

from dataclasses import dataclass

from alert_dispatcher.brief import brief
from alert_dispatcher.sinks.base import Digest, Update
from alert_dispatcher.text import day_and_clock, span


@dataclass(frozen=True, kw_only=True)
class Line:
    """One incident."""

    state: str
    """`critical`, `warning`, `info`, or `over`."""
    headline: str
    since: str
    link: str
    """Where to look, empty when there is nowhere."""


def title(digest: Digest) -> str:
    """Say how many there are, and how many of them are open."""
    count = len(digest.updates)
    still = sum(update.incident.is_open for update in digest.updates)
    return f"{count} incident{'s' if count != 1 else ''} in this digest, {still or 'none'} open now"


def line(update: Update) -> Line:
    """Tell one incident: what, since when, its state now, where to look."""
    incident, page = update.incident, update.page
    told = brief(page)
    environment = f"[{page.context.environment}] " if page.context.environment else ""
    beside = len(incident.members) - 1
    more = f" (and {beside} more alert{'s' if beside > 1 else ''})" if beside > 0 else ""
    began = day_and_clock(incident.opened_at)
    lasted = f", lasted {span(update.lasted)}" if update.lasted is not None else ""
    state = str(incident.severity) if incident.is_open or incident.is_notice else "over"
    links = page.context.links
    link = next((link.href for link in links if link.text == "Dashboard"), links[0].href if links else "")
    return Line(state=state, headline=f"{environment}{told.headline}{more}", since=f"{began}{lasted}", link=link)
