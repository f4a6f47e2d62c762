"""The report as a person reads it in a terminal."""

from collections.abc import Iterator, Sequence

from alarmlab.backtest import cells
from alarmlab.backtest.report import CaseReport, Report
from alarmlab.times import written

_MOST_ROWS = 15
_MOST_NOTES = 6


def lines(report: Report) -> Iterator[str]:
    """The report, line by line."""
    weeks = report.weeks
    labelled = report.detection is not None
    yield f"{cells.counted(len(report.cases), 'recording')}, {written(round(weeks * 604_800 / 60) * 60)} in all"
    notes = cells.remarks(report)
    yield from (f"  note: {note}" for note in notes[:_MOST_NOTES])
    if len(notes) > _MOST_NOTES:
        yield f"  ... and {len(notes) - _MOST_NOTES} notes more (--json has them)"
    for id, why in report.refused.items():
        yield f"  not evaluated: {id}: {why}"
    yield ""
    yield "Alarms"
    yield from _table(*cells.alarms(report))
    yield ""
    yield "Incidents (what people are told)"
    yield from _incidents(report, labelled=labelled)
    if labelled:
        yield from _verdict(report)


def _incidents(report: Report, *, labelled: bool) -> Iterator[str]:
    if len(report.cases) > 1:
        header = ("recording", "incidents", "pages", *(("windows", "false") if labelled else ()))
        yield from _table(header, [_case(case, labelled=labelled) for case in report.cases])
    elif report.incidents:
        yield from _table(*cells.incidents(report, most=_MOST_ROWS))
        if report.incidents > _MOST_ROWS:
            yield f"  ... and {report.incidents - _MOST_ROWS} more (--html and --json have them)"
    each = f", {report.pages / report.incidents:.1f} pages each" if report.incidents else ""
    yield f"  {cells.counted(report.incidents, 'incident')}{each}, {report.incidents / report.weeks:.2f} a week"


def _case(case: CaseReport, *, labelled: bool) -> tuple[str, ...]:
    row = (case.case.name, str(len(case.incidents)), str(sum(len(incident.pages) for incident in case.incidents)))
    if not labelled:
        return row
    found = case.detection
    if found is None:
        return (*row, "-", "-")
    caught = sum(window.at is not None for window in found.windows)
    return (*row, f"{caught}/{len(found.windows)}", str(found.false))


def _verdict(report: Report) -> Iterator[str]:
    detection = report.detection
    if detection is None:
        return
    caught = sum(window.at is not None for window in detection.windows)
    per_week, precision, recall, *_ = cells.detected(detection, report.weeks)
    yield f"  {caught} of {cells.counted(len(detection.windows), 'labelled window')} told (recall {recall})"
    standing = sum(window.at is None and window.was_on for window in detection.windows)
    if standing:
        yield f"  {standing} of those not told began while an incident was open"
    yield f"  {detection.false} false, {per_week} a week (precision {precision})"
    if caught:
        after = (cells.around(detection.typical(figure), what) for figure, what in cells.AROUND.items())
        start, label, reset = (f"{length} {when}" for length, when in after)
        yield f"  median: told {start}, {label}; well {reset}"
    scores = ", ".join(f"{name} {cells.score(detection, profile)}" for profile, name in cells.PROFILES.items())
    yield f"  NAB score: {scores}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns, figures to the right."""
    if not rows:
        yield "  none"
        return
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    words = [any(cell[:1].isalpha() for cell in (row[column] for row in rows)) for column in range(len(header))]
    for row in (header, *rows):
        cells = [
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(row, widths, words, strict=True)
        ]
        yield f"  {'  '.join(cells)}".rstrip()
