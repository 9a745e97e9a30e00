"""A grading process: takes one job after another, keeps its zygotes warm between them.

    python -m judge.worker [--authors FOLDER]... [--readable FOLDER]... [--shared FOLDER]... [--uid N]

One job as JSON on a line of stdin, one result as JSON on a line of stdout; {"fault": "..."} when the grader failed. It
ends when stdin does.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.imports import preload_of
from judge.plan import GradingJob
from judge.runner import Runner
from judge.sandbox.slots import own_uid
from judge.sandbox.sweep import sweep
from judge.zygote import ZygoteError

MAX_RUNNERS = 2  # of different assignments, warm at a time: about 200 MB each


@dataclass(frozen=True)
class Places:
    """authors: packages that only tests may import. readable: folders that cells may read beside the interpreter.
    shared: folders linked beside a notebook's own. uid: the user that cells run as, when we are root."""

    authors: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    shared: tuple[Path, ...] = ()
    uid: int | None = None


class Worker:
    """Grades jobs with a warm runner for what their notebooks import. Use as a context manager."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._runners: dict[tuple[str, ...], Runner] = {}

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        for preload in list(self._runners):
            self._drop(preload)

    def answer(self, line: str) -> str:
        """The line for one line of the input. A zygote that died is replaced for the next job."""
        try:
            job = GradingJob.from_json(line)
        except (ValueError, KeyError, TypeError) as error:
            return json.dumps({"fault": f"no job: {error}"})
        preload = preload_of(job.cells) if job.preload is None else job.preload
        try:
            return self._runner(preload).grade(job).to_json()
        except (ZygoteError, OSError) as error:
            self._drop(preload)
            return json.dumps({"fault": str(error)})

    def _runner(self, preload: tuple[str, ...]) -> Runner:
        runner = self._runners.pop(preload, None)
        if runner is None:
            while len(self._runners) >= MAX_RUNNERS:
                self._drop(next(iter(self._runners)))
            places = self._places
            runner = Runner(
                preload=preload,
                authors=places.authors,
                readable=places.readable,
                shared=places.shared,
                uid=places.uid,
            )
        self._runners[preload] = runner  # the newest comes last
        return runner

    def _drop(self, preload: tuple[str, ...]) -> None:
        runner = self._runners.pop(preload, None)
        if runner is not None:
            runner.close()


def serve(worker: Worker, lines: Iterable[str], answer: int) -> None:
    """Answers each line on the descriptor `answer` until there are no more."""
    for line in lines:
        data = (worker.answer(line) + "\n").encode()
        while data:
            data = data[os.write(answer, data) :]


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="python -m judge.worker")
    for name in ("authors", "readable", "shared"):
        parser.add_argument(f"--{name}", action="append", type=Path, default=[])
    parser.add_argument("--uid", type=int)
    given = parser.parse_args(arguments)
    answer = os.dup(1)
    os.dup2(2, 1)  # nothing but results may reach stdout
    sweep()
    with own_uid(given.uid) as uid:
        places = Places(tuple(given.authors), tuple(given.readable), tuple(given.shared), uid)
        with Worker(places) as worker:
            serve(worker, sys.stdin, answer)


if __name__ == "__main__":
    main()
