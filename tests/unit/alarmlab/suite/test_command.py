"""The command `alarmlab`, and `alarmlab test`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from alarmlab.cli import main

Write = Callable[[str], Path]

PASSES = "tests: [{name: passes, expect: [{pages: 0}]}]"
FAILS = "tests: [{name: fails, expect: [{pages: 1}]}, {name: passes after, expect: [{pages: 0}]}]"
WARNS = "tests: [{name: warns, series: [{metric: x, values: 1}], expect: [{pages: 0}]}]"


def _run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = main(["test", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_exit_codes(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """0 when all passed, 1 when a test failed, 2 when the input is wrong, with file and line on standard error."""
    assert _run(capsys, write(PASSES))[0] == 0
    assert _run(capsys, write(FAILS))[0] == 1
    code, out, err = _run(capsys, write("tests:\n  - expct: 1"))
    assert (code, "1 file could not be read" in out) == (2, True)
    assert err.startswith("alarmlab: ")
    assert err.endswith("some.alarms.yaml:42: tests[0].expct: is not known: did you mean expect?\n")
    code, _, _ = _run(capsys, write("tests: [{expect: [{at: 1m, alarm: Nobody, state: OK}]}]"))
    assert code == 2


def test_a_file_that_is_wrong_does_not_stop_the_others(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """The other suites run all the same."""
    good = write(PASSES).rename(write(PASSES).with_name("good.yaml"))
    code, out, _ = _run(capsys, write("tests: 5"), good)
    assert (code, "1 passed, 1 file could not be read in 2 files" in out) == (2, True)


def test_folders_and_files(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder stands for the suites in it, wherever they are; a file for itself, each once; what has none is named."""
    suite = write(PASSES)
    inner = tmp_path / "deep" / "er"
    inner.mkdir(parents=True)
    (inner / "other.alarms.yml").write_text(suite.read_text())
    (inner / "values.yaml").write_text("not: a suite")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.alarms.yaml").write_text("tests: 5")
    code, out, _ = _run(capsys, tmp_path, suite)
    assert (code, "2 passed in 2 files" in out) == (0, True)
    (tmp_path / "empty").mkdir()
    assert _run(capsys, tmp_path / "empty")[2].endswith(
        "empty: no suite: it has no file called *.alarms.yaml or *.alarms.yml\n"
    )
    code, _, err = _run(capsys, tmp_path / "gone")
    assert (code, err.endswith("gone: there is no such file or folder\n")) == (2, True)


def test_choosing_and_stopping(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """-k takes tests by a part of their names, -x stops at the first that does not pass."""
    suite = write(FAILS)
    code, out, _ = _run(capsys, suite, "-k", "PASSES")
    assert (code, "1 passed in" in out) == (0, True)
    code, out, _ = _run(capsys, suite, "-x")
    assert (code, "= 1 failed in" in out) == (1, True)
    code, _, err = _run(capsys, suite, "-k", "nothing")
    assert (code, err) == (2, "alarmlab: -k nothing: no test has this in its name\n")


def test_verbosity(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """Letters, names with -v, failures and totals with -q."""
    suite = write(FAILS)
    assert f"{suite} F." in _run(capsys, suite)[1]
    assert f"{suite}::passes after PASSED (" in _run(capsys, suite, "-v")[1]
    quiet = _run(capsys, suite, "-q")[1]
    assert f"{suite} F" not in quiet
    assert "expected 1 page: there were none" in quiet


def test_a_warning_is_shown_and_fails_when_strict(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """A series that no alarm reads is told also when all passes; --strict makes it fail."""
    suite = write(WARNS)
    code, out, _ = _run(capsys, suite)
    assert (code, "warning: " in out, "no alarm reads x" in out, "1 passed, 1 warning in" in out) == (0, *[True] * 3)
    code, out, _ = _run(capsys, suite, "--strict")
    assert (code, "1 passed, 1 warning (fails: --strict) in" in out) == (1, True)


def test_alarms_that_are_not_evaluated_are_named(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary names what was refused, and --assembly takes the place of the suite's own."""
    other = tmp_path / "other.yaml"
    other.write_text("Resources: {Logs: {Type: AWS::CloudWatch::LogAlarm, Properties: {}}}")
    code, out, _ = _run(capsys, write(PASSES), "--assembly", other)
    assert (code, "1 alarm of the assembly is not evaluated:" in out, "Logs" in out) == (0, True, True)


def test_reports(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON on standard output is alone there; files are written; a path that cannot be written is an input error."""
    suite = write(FAILS)
    code, out, err = _run(capsys, suite, "--json", "-", "--junit", tmp_path / "junit.xml")
    assert (code, json.loads(out)["summary"]["failed"]) == (1, 1)
    assert "short test summary" in err
    assert (tmp_path / "junit.xml").read_text().count("<testcase") == 2
    _run(capsys, suite, "--json", tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text())["version"] == 1
    code, _, err = _run(capsys, suite, "--junit", tmp_path / "no" / "junit.xml")
    assert (code, err.endswith("junit.xml: cannot be written: No such file or directory\n")) == (2, True)


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    """Every subcommand is in the help, with examples."""
    for arguments in (["--help"], ["test", "--help"], ["--version"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
    out = capsys.readouterr().out
    for word in ("explain", "backtest", "tune", "fetch", "examples:", "900000+1000x19", "alarmlab 0."):
        assert word in out


def test_a_slip_in_the_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown subcommand exits with 2 and names those there are."""
    with pytest.raises(SystemExit) as caught:
        main(["tset"])
    assert caught.value.code == 2
    assert "choose from" in capsys.readouterr().err


def _command(*arguments: str | Path, encoding: str = "utf-8") -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "alarmlab.cli", "test", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )


def test_a_closed_pipe_is_no_error(write: Write) -> None:
    """`alarmlab test | head -1` ends quietly."""
    tests = ", ".join(f"{{name: number {number}, expect: [{{pages: 0}}]}}" for number in range(3000))
    process = _command(write(f"tests: [{tests}]"), "-v")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_an_output_that_is_full_is_one_line(write: Write) -> None:
    """A report in a file that ends half-way is no success, and a traceback no help."""
    suite = write("tests: [{expect: [{pages: 0}]}]")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "alarmlab.cli", "test", str(suite)], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.stderr == b"alarmlab: the standard output: No space left on device\n"
    assert done.returncode == 2


@pytest.mark.skipif(signal.getsignal(signal.SIGINT) == signal.SIG_IGN, reason="runs where Ctrl-C is ignored")
def test_ctrl_c(write: Write) -> None:
    """An interrupt ends it with 130 and no traceback."""
    tests = ", ".join(f"{{name: number {number}, expect: [{{pages: 0}}]}}" for number in range(3000))
    process = _command(write(f"tests: [{tests}]"), "-v")
    assert process.stdout is not None
    # Then it waits: the pipe holds less than all it has to say.
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"")


def test_a_terminal_that_knows_ascii_only(write: Write) -> None:
    """The picture is ASCII, and a name that is not does not break the output."""
    out, err = _command(
        write("tests: [{name: Überlast, expect: [{at: 1m, alarm: Quiet, state: OK}]}]"), encoding="ascii"
    ).communicate()
    assert err == b""
    assert b"expected OK at 1m ^" in out
    assert b"\\xdcberlast" in out
