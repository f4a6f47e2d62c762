"""JSON as `aws cloudwatch get-metric-data` prints it, with the queries that it answers.

The answer names its queries by Id only. So a recording is the request and the answer in one object, each in the API's own
words: `MetricDataQueries` (in full, with Period, Stat and Unit) beside `MetricDataResults`. `alarmlab fetch` writes it so.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alarmlab.backtest.track import Track, timestamp_of
from alarmlab.errors import InputError
from alarmlab.files import read_text
from alarmlab.model.metrics import MetricQuery
from alarmlab.model.queries import read_queries

QUERIES, RESULTS = "MetricDataQueries", "MetricDataResults"


def read_json(path: Path, text: str, queries: Path | None = None) -> tuple[list[Track], tuple[str, ...]]:
    """The tracks of a file, and what was odd.

    Args:
        path: for messages.
        text: the answer, alone or with its queries.
        queries: the file that was given to `--metric-data-queries`, where the answer stands alone.

    Raises:
        InputError: the file and what is wrong in it.
    """
    document = _parsed(path, text)
    if not isinstance(document, dict) or not isinstance(document.get(RESULTS), list):
        raise InputError(f"{path}: no {RESULTS}: this is not what `aws cloudwatch get-metric-data` prints")
    asked = _parsed(queries, read_text(queries)) if queries is not None else document.get(QUERIES)
    if isinstance(asked, dict):
        asked = asked.get(QUERIES)
    if not isinstance(asked, list) or not all(isinstance(query, dict) for query in asked):
        raise InputError(f"{path}: no {QUERIES}: give the file that was passed to --metric-data-queries with --queries")
    try:
        known = {query.id: query for query in read_queries(asked)}
        return _tracks(document, known, str(path))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: {RESULTS}: a result needs Id, Timestamps and Values: {error!r}") from None


def _parsed(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: not JSON: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{path}: not a recording: nested too deeply") from None


def _tracks(
    document: Mapping[str, Any], queries: Mapping[str, MetricQuery], origin: str
) -> tuple[list[Track], tuple[str, ...]]:
    tracks, notes = [], []
    for result in document[RESULTS]:
        query = queries.get(result["Id"])
        if query is None:
            raise InputError(f"{RESULTS}: {result['Id']!r} is the Id of no query: the queries are another request's")
        if result.get("StatusCode", "Complete") != "Complete":
            notes.append(f"{origin}: {query.id}: StatusCode is {result['StatusCode']}: not all of it is there")
        if query.metric is None:
            notes.append(f"{origin}: {query.id}: {query.expression!r} was recorded, not its metrics: left out")
            continue
        if len(result["Timestamps"]) != len(result["Values"]):
            raise InputError(f"{RESULTS} {query.id!r}: Timestamps and Values differ in number")
        tracks.append(
            Track(
                metric=query.metric,
                times=np.asarray([timestamp_of(str(time)) for time in result["Timestamps"]], dtype=np.int64),
                values=np.asarray(result["Values"], dtype=np.float64),
                stat=query.stat,
                unit=query.unit,
                step=query.period,
                origin=origin,
            )
        )
    return tracks, tuple(notes)
