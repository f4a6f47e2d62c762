"""The tests, in tiers: unit, integration, snapshot. A package, because one of the dependencies installs a `tests` of its own."""

import os
import sys
from pathlib import Path

# jsii starts the first `node` on the PATH when aws_cdk is imported; the one that `make` installed is the one that is tested.
_NODE = Path(sys.executable).with_name("node")
if _NODE.exists():
    os.environ.setdefault("JSII_NODE", str(_NODE))
