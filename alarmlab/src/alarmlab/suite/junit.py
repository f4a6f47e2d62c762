"""Results as JUnit XML, which CI systems read.

The format is what https://github.com/testmoapp/junitxml describes as common ground.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from alarmlab.errors import InputError
from alarmlab.suite.run import Outcome, Result
from alarmlab.suite.terminal import Style, explain

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result], broken: Iterable[InputError] = ()) -> str:
    """The document.

    Args:
        results: of all tests, those of a file one after the other.
        broken: why files could not be read.
    """
    root = ET.Element("testsuites", name="alarmlab")
    for shown, tests in groupby(results, key=lambda result: result.suite.shown):
        suite = ET.SubElement(root, "testsuite", name=shown)
        found = list(tests)
        for result in found:
            suite.append(_case(result))
        _count(suite, [result.outcome for result in found], sum(result.seconds for result in found))
    for error in broken:
        suite = ET.SubElement(root, "testsuite", name=str(error).partition(":")[0])
        case = ET.SubElement(suite, "testcase", name="file", classname=suite.get("name", ""), time="0")
        ET.SubElement(case, "error", message=_clean(str(error)), type=type(error).__name__)
        _count(suite, [Outcome.ERROR], 0.0)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(result: Result) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=_clean(result.test.name),
        classname=result.suite.shown,
        file=result.suite.shown,
        line=str(result.test.field.line),
        time=f"{result.seconds:.6f}",
    )
    text = _clean("\n".join(explain(result, Style())))
    match result.outcome:
        case Outcome.ERROR:
            error = ET.SubElement(case, "error", message=_clean(str(result.error)), type=type(result.error).__name__)
            error.text = text
        case Outcome.FAILED:
            first = result.failures[0]
            failure = ET.SubElement(case, "failure", message=_clean(str(first)), type="Expectation")
            failure.text = text
        case Outcome.PASSED:
            if text:
                ET.SubElement(case, "system-out").text = text
    return case


def _count(suite: ET.Element, outcomes: Sequence[Outcome], seconds: float) -> None:
    suite.set("tests", str(len(outcomes)))
    suite.set("failures", str(outcomes.count(Outcome.FAILED)))
    suite.set("errors", str(outcomes.count(Outcome.ERROR)))
    suite.set("time", f"{seconds:.6f}")


def _clean(text: str) -> str:
    return _NOT_XML.sub("?", text)
