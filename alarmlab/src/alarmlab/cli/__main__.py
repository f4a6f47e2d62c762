"""`python -m alarmlab.cli`."""

import sys

from alarmlab.cli import main

sys.exit(main())
