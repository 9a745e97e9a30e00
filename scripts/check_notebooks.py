"""`check_notebooks.py FOLDER_OR_NOTEBOOK...`: names each notebook with outputs or execution counts; exit code 1 if any.

Outputs in source/ would reach every clone and, with a solution's figures in them, the reader of a diff.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """How many cells hold what they shouldn't, as an exit code."""
    faults = [fault for notebook in _notebooks(arguments) for fault in find_outputs(notebook)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def find_outputs(notebook: Path) -> Iterator[str]:
    """One line for each cell that has been run and not cleared."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    for number, cell in enumerate(cells):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"{notebook}: cell {number} holds outputs; clear them before committing"


def _notebooks(arguments: Sequence[str]) -> Iterator[Path]:
    for path in map(Path, arguments):
        yield from sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
