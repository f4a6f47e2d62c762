"""The alarms that these suites are about: those of the app's prod environment."""

from pathlib import Path

from tests.conftest import assembly


def pytest_alarmlab_assembly(suite: Path) -> Path:
    """What the suites are run against in place of cdk.out, so that no test depends on what was synthesized last."""
    return assembly("prod")
