"""`python -m sandbox demo` and `python -m sandbox up`; `make demo` and `make sandbox` call them."""

import argparse
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from sandbox import demo
from sandbox.children import SandboxError, check_port
from sandbox.deploy import ROOT
from sandbox.inbox.screenshot import screenshot
from sandbox.load import Load
from sandbox.ports import free_port, port_number
from sandbox.running import ENDPOINT, Running, running, write_addresses

_PICTURES = ("page.png", "inbox.png")
_WIDTH, _HEIGHT = 1400, 1500


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; 0 when it did what it says, 1 when not, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    _stay_on_this_machine()
    # A terminated sandbox leaves as it does after Ctrl-C: everything that it started stops first. SIGINT is named too, because a
    # shell starts background jobs with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        status: int = options.run(options)
    except SandboxError as error:
        print(f"\nsandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nsandbox: interrupted; everything that was started is stopped", file=sys.stderr)
        return 130
    return status


def _stay_on_this_machine() -> None:
    """Takes profiles, endpoints and proxies of the caller's shell out of the way: everything here is on 127.0.0.1."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument(
        "--out", type=Path, default=ROOT / "out", metavar="FOLDER", help="where files are written (default: out)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    play = commands.add_parser(
        "demo",
        parents=[output],
        help="deploy, break the model, watch one page arrive and resolve",
        description="Deploys the local environment into an embedded AWS, serves a real model to clients, "
        "deploys a bad version of it, and waits for the page and for its end. "
        "Writes demo/report.json and, where Chromium is, pictures of the inbox beside it.",
    )
    play.add_argument(
        "--speed",
        type=_number(5, 120),
        default=demo.SPEED,
        help="sandbox seconds a second, 5 to 120 (default: %(default)g)",
    )
    play.set_defaults(run=_demo)
    up = commands.add_parser(
        "up",
        parents=[output],
        help="the same environment, left running until Ctrl-C",
        description="Deploys the local environment into an embedded AWS and leaves it running, "
        "with a few clients calling the model. Writes where everything is to sandbox.json.",
    )
    up.add_argument("--port", type=port_number, default=4566, help="port of the embedded AWS (default: %(default)s)")
    up.add_argument("--inbox-port", type=port_number, default=4580, help="port of the inbox (default: %(default)s)")
    up.add_argument(
        "--speed", type=_number(1, 120), default=1.0, help="sandbox seconds a second, 1 to 120 (default: %(default)g)"
    )
    up.add_argument(
        "--rate", type=_number(0, 100), default=2.0, help="requests a second, 0 for none (default: %(default)g)"
    )
    up.set_defaults(run=_up)
    return parser


def _demo(options: argparse.Namespace) -> int:
    with _folder(options.out.resolve() / "demo") as folder:
        say = _teller()
        print(f"endpointwatch demo: sandbox time runs {options.speed:g} times as fast as the clock", flush=True)
        with running(
            folder=folder, aws_port=free_port(), inbox_port=free_port(), speed=options.speed, say=say
        ) as sandbox:
            story = demo.play(sandbox, say, lambda sandbox: _picture(sandbox, folder / "page.png"))
            report = demo.report(sandbox, story)
            (folder / "report.json").write_text(json.dumps(report, indent=2, default=str) + "\n")
            picture = _picture(sandbox, folder / "inbox.png")
    print(
        f"\n  {story.answered} requests answered, {story.failed} failed; "
        f"{story.page_seconds:.2f} s from the alarm to its page (wall clock)\n"
        f"  GPU metrics are synthetic: there is no GPU here. Everything else was measured.\n"
        f"  report   {_shown(folder / 'report.json')}\n"
        f"  pictures {' and '.join(_shown(folder / name) for name in _PICTURES) if picture else 'none: Chromium is not installed'}"
    )
    if report["undelivered"]:
        print(f"sandbox: not everything was delivered: {report['undelivered']}", file=sys.stderr)
        return 1
    return 0


def _up(options: argparse.Namespace) -> int:
    check_port(options.port, option="--port (make sandbox ARGS='--port 4567')")
    if options.port == options.inbox_port:
        raise SandboxError(f"--port and --inbox-port are both {options.port}; give two")
    check_port(options.inbox_port, option="--inbox-port (make sandbox ARGS='--inbox-port 4581')")
    with _folder(options.out.resolve() / "sandbox") as folder:
        say = _teller()
        print(f"endpointwatch sandbox: time runs {options.speed:g} times as fast as the clock", flush=True)
        with running(
            folder=folder,
            aws_port=options.port,
            inbox_port=options.inbox_port,
            speed=options.speed,
            say=say,
        ) as sandbox:
            path = folder.with_suffix(".json")
            addresses = write_addresses(sandbox, path)
            try:
                print(json.dumps(addresses, indent=2))
                print(f"\nThe same is in {_shown(path)}. Ctrl-C stops everything.", flush=True)
                with ExitStack() as stack:
                    if options.rate:
                        stack.enter_context(Load(sandbox.client("sagemaker-runtime"), ENDPOINT, rate=options.rate))
                    _until_interrupted(sandbox.children.check)
            except KeyboardInterrupt:
                print("\nstopping", flush=True)
            finally:
                path.unlink(missing_ok=True)
    return 0


def _picture(sandbox: Running, path: Path) -> bool:
    return screenshot(f"{sandbox.inbox_url}/", path, width=_WIDTH, height=_HEIGHT)


def _teller() -> Callable[[str], None]:
    begun = time.monotonic()
    return lambda what: print(f"  {time.monotonic() - begun:5.1f} s  {what}", flush=True)


def _until_interrupted(check: Callable[[], None]) -> None:
    while True:
        time.sleep(1)
        check()


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """The folder, for one run at a time: two would write the same files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise SandboxError(f"--out: {folder} cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError(
                f"another run writes to {_shown(folder)}; wait for it, stop it, or choose another folder with --out"
            ) from None
        # Looked at before anything starts: what is in the way shows now, not at the end.
        for path in (folder.with_suffix(".json"), *(folder / name for name in ("report.json", *_PICTURES))):
            if path.is_dir() or not os.access(path.parent, os.W_OK):
                raise SandboxError(f"{_shown(path)} cannot be written; move what is in the way, or use --out")
            path.unlink(missing_ok=True)
        yield folder


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    return parse


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
