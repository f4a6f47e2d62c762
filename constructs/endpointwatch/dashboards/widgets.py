"""Dashboard widgets as the JSON that CloudWatch takes.

Built in Python rather than from CDK widgets: a dashboard of many graphs costs one call to jsii instead of hundreds.
"""

from endpointwatch.metrics import MathSpec, Spec

RED, ORANGE, GREEN, BLUE, GREY, PURPLE = "#d62728", "#ff7f0e", "#2ca02c", "#1f77b4", "#7f7f7f", "#9467bd"

Widget = dict[str, object]
Line = tuple[str, float]


def rows(*series: tuple[Spec, str]) -> list[list[object]]:
    """Rows of one widget; every expression's ids get a prefix of their own."""
    result: list[list[object]] = []
    for index, (spec, color) in enumerate(series):
        if isinstance(spec, MathSpec):
            result += spec.rows(prefix=f"s{index}_", color=color)
        else:
            result += spec.rows(color=color)
    return result


def graph(title: str, region: str, metrics: list[list[object]], *, label: str, line: Line | None = None) -> Widget:
    """A graph over time; `line` is a horizontal line: its label and its value."""
    properties: dict[str, object] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "stacked": False,
        "metrics": metrics,
        "yAxis": {"left": {"min": 0, "label": label, "showUnits": False}},
    }
    if line is not None:
        properties["annotations"] = {"horizontal": [{"label": line[0], "value": line[1], "color": RED}]}
    return {"type": "metric", "properties": properties}
