"""Slack with a bot token: one message an incident, kept current, with everything else in its thread.

Slack knows no idempotent post. So what is about to be posted is stored first (`Told.trying`) and carried by the message as
metadata; after a crash, or an answer that never came, the channel is searched for it before it is posted again. Without the
scope to read the channel (`channels:history`, or `groups:history` for a private one) it is posted again.

The chart goes into the thread: an image block can only show a file that Slack has finished processing and that the
channel may see, and uploads are processed asynchronously, so a `slack_file` block right after an upload is refused with
`invalid_blocks` (slackapi/python-slack-sdk#1658). Sharing the upload into the thread needs no waiting.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools.logging import Logger

from alert_common import clock
from alert_common.alert import Severity
from alert_common.incident import Stage, Told
from alert_common.page import Action
from alert_common.redact import redact
from alert_dispatcher import trying
from alert_dispatcher.brief import brief
from alert_dispatcher.errors import RejectedError, TooManyRequestsError
from alert_dispatcher.sinks import slack_blocks, slack_replies
from alert_dispatcher.sinks.base import Digest, Remember, Tools, Update
from alert_dispatcher.sinks.slack_api import URL, SlackApi, SlackError, metadata

logger = Logger()

CHART_SECONDS = 10.0
"""For the whole chart, which nothing depends on."""
GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}


class Slack:
    """Sends to one channel; settings: `secret` (a bot's token), `channel`, `api_url`.

    Scopes: chat:write, files:write, and channels:history (groups:history for a private channel).
    """

    def __init__(self, settings: Mapping[str, Any], tools: Tools) -> None:
        self._api = SlackApi(str(settings.get("api_url") or URL).rstrip("/"), tools.secret(settings))
        self._channel = str(settings["channel"])
        self._chart = tools.charts.read

    def messages(self, update: Update) -> int:
        """A new incident is one message; later a reply, and the first message brought up to date."""
        return 1 if update.is_new or _is_own(update) or update.told.in_digest or not _moves(update) else 2

    def send(self, update: Update, remember: Remember) -> None:
        """Post, update or reply, by what the channel already shows of the incident."""
        if update.told.trying:
            update = replace(update, told=self._recovered(update, remember))
            if update.is_closed:
                return
        try:
            if update.is_new or not update.told.thread:
                self._open(update, remember)
            elif _is_own(update) or not self._continue(update, remember):
                # The thread is given up before, so that after a crash the message is searched for where it is posted.
                self._open(replace(update, told=replace(update.told, thread="", in_digest=False)), remember)
        except (TooManyRequestsError, RejectedError):
            # It was not posted: nobody has to search for it.
            remember(replace(update.told, trying=""))
            raise

    def send_digest(self, digest: Digest, remember: Remember) -> None:
        """Post one message for all; what comes later is told in its thread."""
        told = digest.told
        if before := trying.parse(told.trying):
            ts = self._api.find(self._channel, "", id=digest.id, trying=told.trying, at=before.at)
            if ts:
                remember(replace(before.taken(told), thread=f"{self._channel}/{ts}"))
                return
        now = trying.Attempt(seq=told.seq + 1, stage=Stage.OVER, at=int(clock.now().timestamp()))
        remember(replace(told, trying=str(now)))
        posted = self._post("", slack_replies.digest(digest), metadata(digest.id, now.seq, str(now)))
        remember(replace(now.taken(told), thread=posted))

    def probe(self) -> None:
        """Ask whose token it is."""
        self._api.read("auth.test", {})

    def _recovered(self, update: Update, remember: Remember) -> Told:
        """Find out whether the last attempt was taken: what the sink knows then."""
        told = update.told
        before = trying.parse(told.trying)
        if before is None:
            return told
        channel, _, thread = told.thread.partition("/")
        update.hurry()
        ts = self._api.find(channel or self._channel, thread, id=update.incident.id, trying=told.trying, at=before.at)
        if ts is None:
            return replace(told, trying="")
        logger.info("found what was posted before", extra={"incident": update.incident.id, "trying": told.trying})
        taken = replace(before.taken(told), thread=told.thread or f"{self._channel}/{ts}", at=update.now)
        taken = replace(taken, headline=taken.headline or brief(update.page).headline)
        if taken.severity is None or before.seq >= update.incident.last_seq:  # else it may be worse since
            taken = replace(taken, severity=update.incident.severity)
        remember(taken)
        return taken

    def _open(self, update: Update, remember: Remember) -> None:
        now = str(trying.attempt(update))
        update.hurry()
        remember(replace(update.told, trying=now))
        thread = self._post("", slack_blocks.head(update), metadata(update.incident.id, update.after.seq, now))
        remember(replace(update.after, thread=thread, headline=brief(update.page).headline, in_digest=False))
        self._illustrate(update, thread)

    def _continue(self, update: Update, remember: Remember) -> bool:
        """Bring the message up to date, then reply; False when somebody has deleted it.

        In this order: an update that is done twice does no harm, and a reply that is not known to be posted is searched for.
        """
        told, (channel, _, ts) = update.told, update.told.thread.partition("/")
        try:
            if _moves(update) and not told.in_digest:
                update.hurry()
                self._api.post("chat.update", {"channel": channel, "ts": ts, **slack_blocks.head(update)})
            now = str(trying.attempt(update))
            update.hurry()
            remember(replace(told, trying=now))
            self._post(told.thread, slack_replies.reply(update), metadata(update.incident.id, update.after.seq, now))
        except SlackError as error:
            if error.code not in GONE:
                raise
            return False
        headline = brief(update.page).headline if update.escalates or update.reopened else told.headline
        remember(replace(update.after, headline=headline))
        return True

    def _post(self, thread: str, message: slack_blocks.Message, mark: Mapping[str, Any]) -> str:
        """Post a message and return its thread, as `Told.thread` has it."""
        channel, _, ts = thread.partition("/")
        body = {"channel": channel or self._channel, **({"thread_ts": ts} if ts else {}), **message, **mark}
        posted = self._api.post("chat.postMessage", body)
        return thread or f"{posted.get('channel') or self._channel}/{posted.get('ts', '')}"

    def _illustrate(self, update: Update, thread: str) -> None:
        """Upload the chart into the thread; a page without its picture is still a page."""
        key = update.page.context.chart_key
        if not key or update.is_over:
            return
        until = min(time.monotonic() + CHART_SECONDS, update.until - 1.0)
        channel, _, ts = thread.partition("/")
        try:
            if picture := self._chart(key):
                self._api.upload(picture, f"{update.page.alert.name}, UTC", channel, ts, until)
        except Exception as error:  # the page itself is out
            logger.warning("chart was not uploaded", extra={"error": redact(f"{type(error).__name__}: {error}")})


def _is_own(update: Update) -> bool:
    """Whether what a digest told deserves a message of its own now: nobody is called by a reply in a digest's thread."""
    worse = update.escalates or update.reopened
    return update.told.in_digest and worse and update.incident.severity is Severity.CRITICAL


def _moves(update: Update) -> bool:
    """Whether the first message has to be brought up to date."""
    moved = any(news.action not in {Action.INFORM, Action.CONTEXT} for news in update.news)
    return moved or update.closes or update.reopened or update.escalates or update.reminds
