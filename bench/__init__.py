"""Figures, each beside its peer or its floor in the same run."""

import sys
from pathlib import Path

# The functions are deployed, not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lambda"))
