"""Bodies as the alert functions would send them: a critical page of the endpoint `ranker`, its thread, its resolve."""

import io
import struct
import zlib
from typing import Any

ROUTING_KEY = "0123456789abcdef0123456789aba1b2"
TOKEN = "xoxb-111111111111-222222222222-abcdefghijklmnopqrstuvwx"
CHANNEL = "C0123456789"
WEBHOOK = "T01234567/B01234567/abcdefghijklmnopqrstuvwx"
DEDUP_KEY = "aws:us-east-1:000000000000:alarm:ranker/AllTraffic/errors"
CONSOLE = "https://us-east-1.console.aws.amazon.com"


def trigger(**changes: Any) -> dict[str, Any]:
    """A critical PagerDuty trigger, with `changes` at its top level."""
    return {
        "routing_key": ROUTING_KEY,
        "event_action": "trigger",
        "dedup_key": DEDUP_KEY,
        "client": "endpointwatch prod",
        "client_url": f"{CONSOLE}/cloudwatch/home#dashboards/dashboard/endpointwatch-prod-ranker",
        "payload": {
            "summary": "ranker answers 31 % of requests with a model error (objective: 0.1 %)",
            "source": "ranker/AllTraffic",
            "severity": "critical",
            "component": "AllTraffic",
            "group": "prod",
            "class": "errors",
            "timestamp": "2026-11-23T15:04:05.000Z",
            "custom_details": {
                "Since": "15:02 UTC, 2 min before this page",
                "How bad": "31.2 % of 1,184 requests in the last minute, objective 0.1 %",
                "Objective": "99.9 % of requests answered without error",
                "What changed": "endpoint config ranker-7f3a went live at 14:58 UTC, 4 min before",
                "Do first": ["Roll back to ranker-6c11: the errors began with the deployment."],
                "Signals, before → since": [
                    {"signal": "Model errors", "before": "0.02 %", "since": "31.2 %"},
                    {"signal": "Latency p99", "before": "182 ms", "since": "191 ms"},
                    {"signal": "Requests", "before": "1,201 a minute", "since": "1,184 a minute"},
                    {"signal": "GPU", "before": "61 %", "since": "44 %"},
                ],
                "Last error lines": [
                    "RuntimeError: CUDA error: device-side assert triggered",
                    "  at ranker/model.py:118 in forward",
                ],
                "Owner": "ml-platform",
                "Not in this page": "sibling alarms (timed out after 3 s)",
            },
        },
        "links": [
            {"href": "https://wiki.example.com/ranker", "text": "Runbook"},
            {"href": f"{CONSOLE}/cloudwatch/home#alarmsV2:alarm/ranker", "text": "Alarm"},
            {"href": f"{CONSOLE}/cloudwatch/home#dashboards", "text": "Dashboard"},
            {"href": f"{CONSOLE}/cloudwatch/home#logsV2:log-groups", "text": "Logs"},
        ],
        **changes,
    }


def resolve(**changes: Any) -> dict[str, Any]:
    """The resolve that belongs to `trigger()`."""
    return {"routing_key": ROUTING_KEY, "event_action": "resolve", "dedup_key": DEDUP_KEY, **changes}


def change_event(**changes: Any) -> dict[str, Any]:
    """A PagerDuty change event: a deployment."""
    return {
        "routing_key": ROUTING_KEY,
        "payload": {"summary": "ranker: endpoint config ranker-7f3a is live", "source": "sagemaker"},
        "links": [{"href": CONSOLE, "text": "Endpoint"}],
        **changes,
    }


def message(*, resolved: bool = False, **changes: Any) -> dict[str, Any]:
    """The Slack message of the same incident, before or after its resolve."""
    state = ":large_green_circle: Resolved" if resolved else ":red_circle: Critical"
    text = "ranker answers 31 % of requests with a model error"
    return {
        "channel": CHANNEL,
        "text": f"{state}: {text}",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": f"{state}: {text}", "emoji": True}},
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "*31.2 %* of 1,184 requests in the last minute failed inside the model. "
                    "Objective: 99.9 % without error.\n*Do first:* roll back to `ranker-6c11`, "
                    "the errors began with the <https://wiki.example.com/deploys|deployment at 14:58>.",
                },
            },
            {
                "type": "section",
                "fields": [
                    {"type": "mrkdwn", "text": "*Since*\n15:02:00 UTC" + (", for 6 min" if resolved else "")},
                    {"type": "mrkdwn", "text": "*Endpoint*\nranker / AllTraffic (prod)"},
                    {"type": "mrkdwn", "text": "*Model errors*\n0.02 % → *31.2 %*"},
                    {"type": "mrkdwn", "text": "*Latency p99*\n182 ms → 191 ms"},
                ],
            },
            {"type": "divider"},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "style": "primary",
                        "text": {"type": "plain_text", "text": "Runbook"},
                        "url": "https://wiki.example.com/ranker",
                    },
                    {"type": "button", "text": {"type": "plain_text", "text": "Dashboard"}, "url": CONSOLE},
                    {"type": "button", "text": {"type": "plain_text", "text": "Logs"}, "url": CONSOLE},
                ],
            },
            {
                "type": "context",
                "elements": [{"type": "mrkdwn", "text": "owner *ml-platform* · alarm `ranker/AllTraffic/errors`"}],
            },
        ],
        **changes,
    }


def reply(ts: str) -> dict[str, Any]:
    """A reply in the thread of the message `ts`: the last error lines."""
    text = (
        "Last error lines (2 of 369):\n```RuntimeError: CUDA error: device-side assert triggered\n  at model.py:118```"
    )
    return {"channel": CHANNEL, "thread_ts": ts, "text": text}


def mail(**changes: Any) -> dict[str, Any]:
    """The e-mail of the same incident."""
    return {
        "to": "oncall@example.com",
        "subject": "CRITICAL: ranker answers 31 % of requests with a model error",
        "body": "31.2 % of 1,184 requests in the last minute failed inside the model.\n\nFirst: roll back to ranker-6c11.",
        "topic": "arn:aws:sns:us-east-1:000000000000:endpointwatch-prod-mail",
        **changes,
    }


def small_png() -> bytes:
    """A valid PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def chart_png() -> bytes:
    """A chart of the model errors before and during the incident."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.2), dpi=200, layout="constrained")
    axes = figure.subplots()
    errors = [0.02, 0.03, 0.02, 0.02, 0.04, 0.02, 0.03, 12.4, 29.8, 31.2, 30.9, 31.2]
    axes.plot(range(len(errors)), errors, color="#c4292f", linewidth=2)
    axes.axvline(6.4, color="#5c6470", linewidth=1, linestyle="--")
    axes.set_title("Model errors, % of requests", loc="left", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
