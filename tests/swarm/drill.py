"""Lose a machine of a swarm while a class works: the servers come back on the other, with homes and submissions.

    python -m tests.swarm.drill [--folder DIR]

Three engines in one swarm; what is real of the class, and what stands in, swarm_class.py says.
"""

import argparse
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

from tests.small_class import notebook
from tests.swarm.nodes import swarm_of, wait_until, why_no_tools
from tests.swarm.swarm_class import (
    PATIENCE_S,
    STUDENTS,
    Student,
    SwarmClass,
    make_base,
    make_student_image,
    place_of,
    try_what_is_forbidden,
)


def drill(folder: Path, base: Path) -> str:
    """What was lost and found again, in a sentence. base: where the base image's files are kept."""
    with ExitStack() as undo:
        manager, *workers = undo.enter_context(swarm_of(folder, 3))
        make_base(manager, base)
        make_student_image(manager, workers)
        here = SwarmClass(folder, manager)
        here.prepare()
        undo.enter_context(here.filter())
        here.start()
        try_what_is_forbidden(here)
        crowd = [undo.enter_context(closing(Student(here, name))) for name in STUDENTS]
        for one in crowd:
            one.sign_in_and_spawn()
        for one in crowd:
            one.wait_until_it_answers()
        receipts = {}
        for one in crowd:
            one.write("ps1.ipynb", notebook(f"# {one.name}", "1 + 1"))
            receipts[one.name] = one.submit("ps1.ipynb")
        places = {one.name: place_of(one.name, manager, *workers) for one in crowd}
        lost = next(node for node in workers if node in places.values())
        left = [node for node in (manager, *workers) if node is not lost]
        kept = [name for name, node in places.items() if node is not lost]
        assert kept, f"all servers are on {lost.name}"
        before = here.attempts()

        began = time.monotonic()
        lost.kill()
        for one in crowd:
            wait_until(
                lambda one=one: place_of(one.name, *left) is not None and one.answers(),
                lambda one=one: f"{one.name}'s server didn't come back", patience_s=PATIENCE_S,
            )  # fmt: skip
        took_s = time.monotonic() - began

        assert here.attempts() == before, "submissions differ"
        assert {str(receipt["signature"]) for receipt in receipts.values()} == set(before)
        for one in crowd:
            assert one.read("ps1.ipynb") == notebook(f"# {one.name}", "1 + 1"), f"{one.name}'s home is another"
            assert one.submit("ps1.ipynb")["attempt"] == 2
        return (
            f"{len(crowd)} servers, {len(crowd) - len(kept)} of them on the machine that was killed: all answered "
            f"again after {took_s:.0f} s, with their homes; {len(before)} submissions as they were, the next ones taken"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Lose a machine of a Docker swarm and keep the class.")
    parser.add_argument("--base", type=Path, help="keep the base image's files here, for the next time")
    asked = parser.parse_args()
    if reason := why_no_tools() or ("" if shutil.which("debootstrap") else "apt-get install debootstrap"):
        sys.exit(reason)
    with tempfile.TemporaryDirectory(prefix="swarm-", ignore_cleanup_errors=True) as folder:
        print(drill(Path(folder), asked.base or Path(folder) / "base"), flush=True)


if __name__ == "__main__":
    main()
