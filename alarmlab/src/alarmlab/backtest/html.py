"""The report as one page that stands alone: no network, no scripts, light and dark, for a phone and for paper."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import count

from alarmlab.backtest import cells
from alarmlab.backtest.curve import Span, curve_of
from alarmlab.backtest.picture import axis, plot, ribbon, strip
from alarmlab.backtest.replay import metrics_of
from alarmlab.backtest.report import AlarmReport, CaseReport, Report
from alarmlab.brief import condition
from alarmlab.model.alarms import Alarm, MetricAlarm
from alarmlab.times import minute, written

MOST_PICTURES = 60
_MOST_INCIDENTS = 200


def page(report: Report, *, title: str) -> str:
    """The page."""
    style = files("alarmlab.backtest").joinpath("page.css").read_text(encoding="utf-8")
    body = "".join(
        [
            f"<header><h1>{escape(title)}</h1><p>{_summary(report)}</p></header>",
            f'<section class="tiles">{"".join(_tiles(report))}</section>',
            _overview(report),
            _alarms(report),
            "".join(_pictures(report)),
            _incidents(report),
            _remarks(report),
        ]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body><main>{body}</main></body></html>\n"
    )


def _summary(report: Report) -> str:
    first = min(case.replay.run.start for case in report.cases)
    last = max(case.replay.run.end for case in report.cases)
    what = escape(report.cases[0].case.name) if len(report.cases) == 1 else f"{len(report.cases)} recordings"
    return f"{what} · {minute(first)} to {minute(last)} UTC · {written(round(report.weeks * 168) * 3600)} in all"


def _tiles(report: Report) -> Iterator[str]:
    yield _tile(
        str(report.incidents),
        cells.plural("incident", report.incidents),
        f"{report.incidents / report.weeks:.2f} a week",
    )
    each = f"{report.pages / report.incidents:.1f} an incident" if report.incidents else "none"
    yield _tile(str(report.pages), cells.plural("page", report.pages), each)
    detection = report.detection
    if detection is None:
        flaps = sum(alarm.flaps for alarm in report.alarms)
        yield _tile(str(flaps), "flaps", "back in ALARM soon after it ended")
        return
    per_week, precision, recall, *_ = cells.detected(detection, report.weeks)
    (start, _), (label, of_label), (reset, of_end) = (
        cells.around(detection.typical(figure), what) for figure, what in cells.AROUND.items()
    )
    caught = sum(window.at is not None for window in detection.windows)
    yield _tile(f"{caught}<small>/{len(detection.windows)}</small>", "labelled windows told", f"recall {recall}")
    yield _tile(per_week, "false a week", f"{detection.false} in all, precision {precision}")
    yield _tile(start, "until told", f"median, after the window's start; {label} {of_label}")
    yield _tile(reset, "until well", f"median, {of_end}")
    others = ", ".join(
        f"{name} {cells.score(detection, key)}" for key, name in cells.PROFILES.items() if key != "standard"
    )
    yield _tile(cells.score(detection, "standard"), "NAB score", others)


def _tile(figure: str, what: str, more: str) -> str:
    return f'<div class="tile"><b>{figure}</b><span>{escape(what)}</span><em>{escape(more)}</em></div>'


def _overview(report: Report) -> str:
    rows = "".join(_overview_row(case) for case in report.cases)
    keys = (
        _keys(incident="an incident")
        if report.detection is None
        else _keys(window="labelled: something was wrong", right="an incident there", incident="a false one")
    )
    return f'<section><h2>What people are told</h2>{keys}<div class="overview">{rows}</div></section>'


def _keys(**words: str) -> str:
    keys = "".join(f'<span><i class="key {kind}"></i>{escape(what)}</span>' for kind, what in words.items())
    return f'<p class="keys">{keys}</p>'


def _overview_row(case: CaseReport) -> str:
    span = _span(case)
    windows = _windows(case)
    bars = [(each.opened_at, each.settled_at or span.end, _kind(each.opened_at, case)) for each in case.incidents]
    told = cells.counted(len(case.incidents), "incident")
    if case.detection is not None and windows:
        caught = sum(window.at is not None for window in case.detection.windows)
        told += f", {caught}/{len(case.detection.windows)} told, {case.detection.false} false"
    name = f'<span class="name">{escape(case.case.name)}</span>'
    return f'<div class="row">{name}<span class="told">{told}</span>{strip(span, windows, bars)}{axis(span)}</div>'


def _kind(opened_at: int, case: CaseReport) -> str:
    """Whether an incident was right, as far as anybody knows."""
    return "right" if any(start <= opened_at <= end + case.case.step for start, end in _windows(case)) else "incident"


def _alarms(report: Report) -> str:
    return f"<section><h2>Alarms</h2>{_table(*cells.alarms(report))}</section>"


def _pictures(report: Report) -> Iterator[str]:
    """Of alarms that did something or should have, the first ones: a page with hundreds of pictures is no page."""
    numbers = count()
    left = MOST_PICTURES
    silent = 0
    keys = _keys(page="a page", ok="OK", alarm="ALARM", insufficient_data="no data")
    for case in report.cases:
        figures = []
        by_id = {alarm.about.id: alarm for alarm in case.replay.alarms}
        for alarm in case.alarms:
            if left and (alarm.onsets or case.case.windows or len(report.cases) == len(case.alarms) == 1):
                left -= 1
                figures.append(_figure(by_id[alarm.id], alarm, case, f"p{next(numbers)}"))
            else:
                silent += 1
        if figures:
            yield f"<section><h2>{escape(case.case.name)}</h2>{keys}{''.join(figures)}</section>"
    if silent:
        yield (
            f'<p class="note">{silent} more without a picture: alarms that were never in ALARM where nothing was labelled, '
            f"and what comes after the first {MOST_PICTURES} pictures.</p>"
        )


def _figure(alarm: Alarm, report: AlarmReport, case: CaseReport, name: str) -> str:
    span = _span(case)
    curve = curve_of(alarm, case.case.shelf, span) if isinstance(alarm, MetricAlarm) else None
    drawn = ""
    if isinstance(alarm, MetricAlarm) and curve is not None:
        drawn = plot(alarm, curve, span, name=name, windows=_windows(case), pages=report.pages)
    severity = (
        f'<span class="chip {escape(report.severity)}">{escape(report.severity)}</span>' if report.severity else ""
    )
    told = cells.counted(len(report.pages), "page")
    band = ' <span class="chip">CloudWatch-like band</span>' if isinstance(alarm, MetricAlarm) and alarm.band else ""
    compares = "; ".join((condition(alarm), *map(str, metrics_of(alarm))))
    return (
        f"<figure><figcaption><b>{escape(report.name)}</b> {severity}{band}<span class=told>{told}</span>"
        f"<small>{escape(compares)}</small></figcaption>"
        f"{drawn}{ribbon(case.replay.run.timelines[report.id], span)}{axis(span)}{_windows_table(report)}</figure>"
    )


def _windows_table(report: AlarmReport) -> str:
    if report.detection is None or not report.detection.windows:
        return ""
    rows = []
    for window in report.detection.windows:
        missed = "was in ALARM already" if window.was_on else "missed"
        verdict = missed if window.at is None else minute(window.at)
        times = [cells.duration(value) for value in (window.after_start, window.after_label, window.reset)]
        rows.append([minute(window.start), minute(window.end), verdict, *times])
    table = _table(["window", "to", "told", "after start", "after label", "reset after end"], rows)
    return f"<details><summary>{len(rows)} labelled, {report.detection.false} false pages</summary>{table}</details>"


def _incidents(report: Report) -> str:
    if not report.incidents:
        return ""
    header, rows = cells.incidents(report, most=_MOST_INCIDENTS)
    more = f'<p class="note">and {report.incidents - len(rows)} more</p>' if report.incidents > len(rows) else ""
    return (
        f"<section><h2>Incidents</h2><details><summary>{report.incidents} in all</summary>{_table(header, rows)}{more}"
        "</details></section>"
    )


def _remarks(report: Report) -> str:
    notes = cells.remarks(report)
    notes += [f"{id} was not evaluated: {why}" for id, why in report.refused.items()]
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        "<footer><p>Each column of a picture shows the lowest and the highest value of its time, so no spike is lost; "
        "the coloured line below shows the worst state of each column. A vertical line is a page, shaded is what was "
        "labelled. An incident is pages of one resource, grouped as the router groups them. Made by alarmlab.</p>"
        + (f"<details><summary>{len(notes)} notes</summary><ul>{listed}</ul></details>" if notes else "")
        + "</footer>"
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table: words to the left, figures to the right."""
    words = [any(row[column][:1].isalpha() for row in rows) for column in range(len(header))]
    kinds = [' class="w"' if is_words else "" for is_words in words]
    head = "".join(f"<th{kind}>{escape(cell)}</th>" for cell, kind in zip(header, kinds, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{escape(cell)}</td>' for cell, kind in zip(row, kinds, strict=True))}</tr>"
        for row in rows
    )
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _span(case: CaseReport) -> Span:
    return Span(start=case.replay.run.start, end=case.replay.run.end)


def _windows(case: CaseReport) -> Sequence[tuple[int, int]]:
    return [(window.start, window.end) for window in case.detection.windows] if case.detection is not None else []
