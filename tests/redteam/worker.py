"""The process that grades: an engine that takes one submission after another over a pipe, as a runner would.

    python -m tests.redteam.worker ENGINE ROOT

It's a process of its own because an attack may end it, and because the next submission shall meet the same one.
"""

import base64
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.redteam.corpus.base import Entry, Link, Pipe
from tests.redteam.engines import Graded, open_engine
from tests.redteam.reference import source_notebook, to_bytes


def pack(submission: dict[str, Entry]) -> dict[str, Any]:
    """A submission as JSON: text in base64, a link as its target, a pipe as null."""
    return {name: _pack(entry) for name, entry in submission.items()}


def _pack(entry: Entry) -> Any:
    if isinstance(entry, Link):
        return {"link": entry.target}
    return None if isinstance(entry, Pipe) else base64.b64encode(entry).decode()


def _unpack(packed: Any) -> Entry:
    if isinstance(packed, dict):
        return Link(packed["link"])
    return Pipe() if packed is None else base64.b64decode(packed)


def main() -> None:
    """One submission a line on stdin, one verdict a line on stdout; ends with stdin."""
    name, root = sys.argv[1:]
    # Nothing but verdicts may reach stdout, whatever an engine prints.
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        engine = open_engine(name, Path(root))
        source = to_bytes(source_notebook())
        answers.write(json.dumps({"budget_s": engine.budget_s}) + "\n")
        answers.flush()
        for line in sys.stdin:
            order = json.loads(line)
            submission = {name: _unpack(packed) for name, packed in order["files"].items()}
            graded: Graded = engine.grade(source, submission, **order["how"])
            answers.write(json.dumps(asdict(graded)) + "\n")
            answers.flush()
        engine.close()


if __name__ == "__main__":
    main()
