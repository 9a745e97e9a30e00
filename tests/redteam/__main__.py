"""`python -m tests.redteam`."""

import sys

from tests.redteam.table import main

sys.exit(main())
