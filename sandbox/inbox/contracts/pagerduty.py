"""PagerDuty's Events API v2: what it refuses, in its own words.

Sources: developer.pagerduty.com, "Send an Alert Event", "Send a Change Event" and "Events API v2 Overview"; the wording of
errors is what its users quote from real answers.
"""

from typing import Any

MAX_BYTES = 512_000
"""Largest request body, in bytes ("Events API payloads are limited to 512 KB")."""

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
ROUTING_KEY_CHARACTERS = 32
SUMMARY_CHARACTERS = 1024
DEDUP_KEY_CHARACTERS = 255


def alert_problems(body: object) -> list[str]:
    """What PagerDuty would refuse in a body for `/v2/enqueue`; empty when it accepts it."""
    if not isinstance(body, dict):
        return ["Event object must be a JSON object"]
    problems = _routing_key_problems(body)
    action = body.get("event_action")
    if _blank(action):
        problems.append("'event_action' is missing or blank")
    elif action not in ACTIONS:
        problems.append(f"'event_action' is invalid (must be one of the following: {_listed(ACTIONS)})")
    problems += _dedup_key_problems(body)
    if action == "trigger":
        problems += _payload_problems(body, required=("summary", "source", "severity"))
        problems += _image_problems(body.get("images"))
        problems += _link_problems(body.get("links"))
    return problems


def change_problems(body: object) -> list[str]:
    """What PagerDuty would refuse in a body for `/v2/change/enqueue`; empty when it accepts it."""
    if not isinstance(body, dict):
        return ["Event object must be a JSON object"]
    return (
        _routing_key_problems(body) + _payload_problems(body, required=("summary",)) + _link_problems(body.get("links"))
    )


def _routing_key_problems(body: dict[str, Any]) -> list[str]:
    key = body.get("routing_key")
    if not isinstance(key, str) or not key:
        return ["'routing_key' is missing or blank"]
    problems = []
    if len(key) != ROUTING_KEY_CHARACTERS:
        problems.append(f"Length of 'routing_key' is incorrect (should be {ROUTING_KEY_CHARACTERS} characters)")
    if not (key.isascii() and key.isalnum()):
        problems.append("'routing_key' cannot contain non-alphanumeric characters.")
    return problems


def _dedup_key_problems(body: dict[str, Any]) -> list[str]:
    key = body.get("dedup_key")
    if _blank(key):
        if body.get("event_action") in ("acknowledge", "resolve"):
            return ["'dedup_key' is missing or blank"]
        return []
    if not isinstance(key, str):
        return ["'dedup_key' must be a string"]
    if len(key) > DEDUP_KEY_CHARACTERS:
        return [f"'dedup_key' is too long (maximum is {DEDUP_KEY_CHARACTERS} characters)"]
    return []


def _payload_problems(body: dict[str, Any], *, required: tuple[str, ...]) -> list[str]:
    payload = body.get("payload")
    if not isinstance(payload, dict) or not payload:
        return ["'payload' is missing or blank"]
    problems = []
    for name in required:
        value = payload.get(name)
        if _blank(value):
            problems.append(f"'payload.{name}' is missing or blank")
        elif not isinstance(value, str):
            problems.append(f"'payload.{name}' must be a string")
    summary = payload.get("summary")
    if isinstance(summary, str) and len(summary) > SUMMARY_CHARACTERS:
        problems.append(f"'payload.summary' is too long (maximum is {SUMMARY_CHARACTERS} characters)")
    severity = payload.get("severity")
    if "severity" in required and isinstance(severity, str) and severity.strip() and severity not in SEVERITIES:
        problems.append(f"'payload.severity' is invalid (must be one of the following: {_listed(SEVERITIES)})")
    return problems


def _image_problems(images: object) -> list[str]:
    if images is None:
        return []
    if not isinstance(images, list):
        return ["'images' must be an array"]
    problems = []
    for index, image in enumerate(images):
        source = image.get("src") if isinstance(image, dict) else None
        if _blank(source):
            problems.append(f"'images[{index}].src' is missing or blank")
        elif not (isinstance(source, str) and source.startswith("https://")):
            problems.append(f"'images[{index}].src' must be served via HTTPS")
    return problems


def _link_problems(links: object) -> list[str]:
    if links is None:
        return []
    if not isinstance(links, list):
        return ["'links' must be an array"]
    return [
        f"'links[{index}].href' is missing or blank"
        for index, link in enumerate(links)
        if not isinstance(link, dict) or not isinstance(link.get("href"), str) or _blank(link["href"])
    ]


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names[:-1]) + f" or '{names[-1]}'"
