"""Widgets, from their JSON to a picture."""

import json
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.aws.cloudwatch import overlay
from sandbox.aws.cloudwatch.wire import ServiceError
from sandbox.aws.drawing import Graph
from sandbox.aws.painter import MOST_WAITING, BusyError, Painter
from tests.unit.sandbox_cloudwatch.conftest import T0, Account

ENTRY = ["N", "Latency", "EndpointName", "ranker", "VariantName", "AllTraffic"]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """The graphs that were drawn, in place of their pictures."""
    graphs: list[Graph] = []

    def collect(_painter: Painter, graph: Graph) -> bytes:
        graphs.append(graph)
        return b"picture"

    monkeypatch.setattr(Painter, "draw", collect)
    return graphs


def publish(endpoint: str, value: float, second: int) -> None:
    """One latency of an endpoint."""
    dimensions = {"EndpointName": endpoint, "VariantName": "AllTraffic"}
    overlay.record("N", "Latency", value, dimensions=dimensions, at=T0 + second)


def image(account: Account, **widget: Any) -> Any:
    """The answer for a widget."""
    return account.call("GetMetricWidgetImage", MetricWidget=json.dumps({"period": 60} | widget))["MetricWidgetImage"]


def test_shorthand_repeats_the_entry_before(account: Account, drawn: list[Graph]) -> None:
    """`...` stands for the fields before it, `.` for the one at its place, and options apply to their own entry."""
    for endpoint, value in (("ranker", 1.0), ("other", 2.0)):
        publish(endpoint, value, 0)
    account.at(60)
    metrics = [
        [*ENTRY, {"stat": "Maximum", "color": "#123456"}],
        ["...", "other", ".", ".", {"label": "the other"}],
        [".", "Latency", ".", "ranker", ".", "."],
        ["..."],
    ]
    image(account, metrics=metrics, start="-PT5M")
    lines = drawn[0].lines
    assert [list(line.values.values()) for line in lines] == [[1.0], [2.0], [1.0], [1.0]]
    assert [line.label for line in lines] == ["Latency", "the other", "Latency", "Latency"]
    assert [line.color for line in lines] == ["#123456", None, None, None]


def test_expressions_see_hidden_metrics(account: Account, drawn: list[Graph]) -> None:
    """A metric that is not visible is not drawn, and expressions may still use it."""
    publish("ranker", 5000.0, 0)
    account.at(60)
    metrics = [[*ENTRY, {"id": "m", "visible": False}], [{"expression": "m / 1000", "label": "ms", "yAxis": "right"}]]
    image(account, metrics=metrics)
    [line] = drawn[0].lines
    assert (line.label, line.right, dict(line.values)) == ("ms", True, {T0: 5.0})


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("-PT3H", "P0D", (-10_800, 0)),
        ("-P1DT30M", "-PT1H", (-88_200, -3600)),
        ("-P1W", "PT0H", (-604_800, 0)),
        ("2026-11-23T14:00:00Z", "2026-11-23T16:00:00+01:00", (-3600, 0)),
        ("2026-11-23T14:00:00.000", "P0D", (-3600, 0)),
    ],
)
def test_times(account: Account, drawn: list[Graph], start: str, end: str, expected: tuple[int, int]) -> None:
    """Start and end are durations before the sandbox's now, or dates, in UTC where they say nothing else."""
    image(account, start=start, end=end)
    assert (drawn[0].start - T0, drawn[0].end - T0) == expected


def test_annotations(account: Account, drawn: list[Graph]) -> None:
    """Lines, bands, moments and ranges keep their labels, colors and fills."""
    image(
        account,
        annotations={
            "horizontal": [
                {"value": 150, "label": "objective", "fill": "above"},
                [{"value": 1, "color": "#abcdef"}, {"value": 2}],
            ],
            "vertical": [[{"value": "2026-11-23T14:30:00Z", "label": "ALARM"}, {"value": "2026-11-23T14:40:00Z"}]],
        },
    )
    line, band = drawn[0].thresholds
    assert (line.value, line.to, line.label, line.fill) == (150, None, "objective", "above")
    assert (band.value, band.to, band.color) == (1, 2, "#abcdef")
    [span] = drawn[0].moments
    assert (span.at - T0, (span.to or 0) - T0, span.label) == (-1800, -1200, "ALARM")


@pytest.mark.parametrize(
    ("widget", "problem"),
    [
        ({"width": 5000}, "width: 5000 is not between 100 and 2000 pixels"),
        ({"metrics": [["N"]]}, "is not a namespace, a name and pairs"),
        ({"metrics": [[*ENTRY, {"stat": "Median"}]]}, "Stat: 'Median' is not supported"),
        ({"metrics": [[{"expression": "SEARCH('x')"}]]}, "SEARCH is not supported"),
        ({"view": "gauge"}, "view: 'gauge' is not supported: use timeSeries"),
        ({"start": "P0D", "end": "-PT1H"}, "start: it must be before end"),
        ({"start": "yesterday"}, "yesterday"),
    ],
)
def test_bad_widgets_say_what_is_wrong(account: Account, widget: dict[str, Any], problem: str) -> None:
    """A widget that cannot be drawn is refused with the field and its value."""
    with pytest.raises(ServiceError, match=problem.replace("(", r"\(")) as refused:
        image(account, **widget)
    assert refused.value.code == "InvalidParameterInput"


@pytest.mark.parametrize(("width", "height"), [(600, 300), (301, 157), (1999, 200)])
def test_picture_has_the_size_asked_for(account: Account, width: int, height: int) -> None:
    """The PNG has exactly the width and height of the widget, with everything on it that a widget can have."""
    for second in range(0, 3600, 60):
        publish("ranker", 100.0 + second, second)
    account.at(3600)
    picture = image(
        account,
        metrics=[[*ENTRY, {"stat": "p99"}], ["...", {"yAxis": "right", "stat": "SampleCount"}]],
        title="Latency",
        width=width,
        height=height,
        stacked=True,
        start="-PT1H",
        yAxis={"left": {"label": "ms", "min": 0}},
        annotations={
            "horizontal": [{"value": 50, "fill": "below", "label": "low"}],
            "vertical": [{"value": "2026-11-23T15:30:00Z", "label": "deployed"}],
        },
    )
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (width, height)


def test_graphs_are_drawn_in_another_process_and_a_crowd_is_throttled() -> None:
    """Of more graphs than may wait the surplus is refused at once; a process that was killed is started again."""
    painter = Painter()
    graph = Graph(start=0, end=3600, width=200, height=100)
    with ThreadPoolExecutor(2 * MOST_WAITING) as pool:
        asked = [pool.submit(painter.draw, graph) for _ in range(2 * MOST_WAITING)]
    errors = [answer.exception() for answer in asked]
    assert [type(error) for error in errors if error] == [BusyError] * MOST_WAITING
    pictures = {answer.result() for answer, error in zip(asked, errors, strict=True) if not error}
    assert [picture[:8] for picture in pictures] == [b"\x89PNG\r\n\x1a\n"]
    process = painter._process
    assert process is not None
    process.kill()
    process.wait()
    assert painter.draw(graph) in pictures
    assert painter._process is not None
    painter._process.kill()
    painter._process.wait()


def test_a_throttled_picture_is_the_services_error(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for too many pictures gets `Throttling`."""

    def busy(_painter: Painter, _graph: Graph) -> bytes:
        raise BusyError

    monkeypatch.setattr(Painter, "draw", busy)
    with pytest.raises(ServiceError, match="Rate exceeded") as refused:
        image(account, metrics=[ENTRY])
    assert refused.value.code == "Throttling"
