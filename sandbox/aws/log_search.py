"""FilterLogEvents as CloudWatch Logs answers it where ministack's differs: patterns of terms, stream prefixes, pages."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch_logs

from sandbox.aws.filter_patterns import Matcher, compile_unstructured

_PAGE = 10_000
_STRUCTURED = ("{", "[")

Request = Mapping[str, Any]
Reply = tuple[int, Mapping[str, str], bytes]


def install() -> None:
    """Replace ministack's search; patterns for JSON and for space-delimited events stay its business."""
    compile_structured: Callable[[str], Matcher] = cloudwatch_logs._compile_filter_pattern
    search: Callable[[Request], Reply] = cloudwatch_logs._filter_log_events

    def compile_pattern(pattern: str) -> Matcher:
        structured = pattern.lstrip().startswith(_STRUCTURED)
        return compile_structured(pattern) if structured else compile_unstructured(pattern)

    def filter_log_events(request: Request) -> Reply:
        try:
            return _page(_on_streams(request), search)
        except ValueError as error:
            refusal: Reply = error_response_json("InvalidParameterException", str(error), 400)
            return refusal

    cloudwatch_logs._compile_filter_pattern = compile_pattern
    cloudwatch_logs._filter_log_events = filter_log_events


def _on_streams(request: Request) -> Request:
    """The request with the names of the streams instead of their prefix."""
    prefix = request.get("logStreamNamePrefix")
    if prefix is None:
        return request
    if request.get("logStreamNames"):
        raise ValueError("LogStreamNames and LogStreamNamePrefix are mutually exclusive")
    group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(request), {"streams": {}})
    # ministack takes an empty list for all streams, a name that does not exist for none.
    names = [name for name in list(group["streams"]) if name.startswith(prefix)] or [prefix]
    return {**request, "logStreamNames": names}


def _page(request: Request, search: Callable[[Request], Reply]) -> Reply:
    """One page; its token is the last event's time, and how many events of that time have been told."""
    limit = min(request.get("limit", _PAGE), _PAGE)
    told = 0
    if token := request.get("nextToken"):
        at, told = _read_token(token)
        request = {**request, "startTime": at}
    status, headers, body = search({**request, "limit": min(told + limit, _PAGE)})
    if status != 200:
        return status, headers, body
    answer = json.loads(body)
    found = answer["events"]
    if len(found) >= min(told + limit, _PAGE):
        last = found[-1]["timestamp"]
        answer["nextToken"] = f"{last}/{sum(event['timestamp'] == last for event in found)}"
    answer["events"] = found[told:]
    return status, headers, json.dumps(answer).encode()


def _read_token(token: str) -> tuple[int, int]:
    at, _, told = token.partition("/")
    if not (at.isdigit() and told.isdigit()):
        raise ValueError("The specified nextToken is invalid.")
    return int(at), int(told)
