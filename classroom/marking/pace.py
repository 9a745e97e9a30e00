"""How long a grader takes for a piece, from the times of that grader's own gradings. Pure."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

IDLE = dt.timedelta(minutes=10)  # a longer gap is a break, not a piece
_LAST = 20
_FEWEST = 3


def pace_s(times: Sequence[dt.datetime]) -> float | None:
    """Seconds a piece, the median of the last 20 without breaks; None while there are fewer than three.

    times: when each grading was done, in any order.
    """
    ordered = sorted(times)
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    worked = [gap.total_seconds() for gap in gaps if dt.timedelta() < gap <= IDLE][-_LAST:]
    return median(worked) if len(worked) >= _FEWEST else None
