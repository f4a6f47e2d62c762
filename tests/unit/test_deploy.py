"""What the sandbox says when the CDK CLI fails."""

from pathlib import Path

import pytest

from sandbox import deploy

EVENTS = "CDKToolkit | 1/15 | CREATE_COMPLETE | AWS::IAM::Role | LookupRole"


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            f"{EVENTS}\nendpointwatch: env: 'x' does not exist\npython app.py: Subprocess exited with error 1\n",
            "endpointwatch: env: 'x' does not exist",
        ),
        (
            f"{EVENTS}\nServing | CREATE_FAILED | AWS::SageMaker::Endpoint | it is Failed: no ping\n\nstack rolled back\n",
            "Serving | CREATE_FAILED | AWS::SageMaker::Endpoint | it is Failed: no ping",
        ),
        ("connect ECONNREFUSED\n", "connect ECONNREFUSED"),
        ("\n", "it said nothing"),
    ],
)
def test_a_failed_cli_is_told_by_the_line_that_says_why(tmp_path: Path, log: str, reason: str) -> None:
    """The app's own last line, the resource that failed, or what was said last."""
    path = tmp_path / "cdk.log"
    path.write_text(log)
    assert deploy._reason(path) == reason
