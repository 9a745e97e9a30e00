"""A cluster's worker without the rest of the classroom: `python -m classroom.grading.worker SCHEDULER`.

What the grader's container runs; it has neither the command line's libraries nor a database's.
"""

import logging
import sys
import time

from classroom.config import load_settings
from classroom.errors import ClassroomError
from classroom.grading.cluster import serve_worker
from classroom.grading.engines import engine_of

log = logging.getLogger(__name__)
_PAUSE_S = 2.0


def serve(scheduler: str) -> None:
    """Grades one notebook at a time until SIGTERM or SIGINT. Raises Unavailable, GraderError."""
    engine = engine_of(load_settings())
    log.info("a worker of %s, grading by %s", scheduler, engine.name)
    try:
        serve_worker(scheduler, engine)
    finally:
        engine.stop()


def main() -> None:
    """Ends with 1 when it can't work; Docker then starts it again."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("distributed").setLevel(logging.WARNING)
    try:
        serve(sys.argv[1])
    except ClassroomError as error:
        log.error("%s", error)
        time.sleep(_PAUSE_S)  # Docker's own pause between restarts begins at 0.1 s
        sys.exit(1)


if __name__ == "__main__":
    main()
