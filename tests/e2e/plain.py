"""What a notebook earns in an ordinary kernel by nbgrader's own rule: the yardstick of the classroom's scores.

    python -m tests.e2e.plain SOURCE.ipynb < answers.json > scores.json

answers: text by grade_id, in place of the instructor's. scores: points by grade_id of the autograded cells.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbgrader.utils import determine_grade, is_grade, is_solution

CELL_TIMEOUT_S = 300
ROOT = Path(__file__).resolve().parent.parent.parent


def plain_scores(source: Path, answers: Mapping[str, str]) -> dict[str, float]:
    """Run it with the authors' library importable; cells after a dead kernel earn nothing."""
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""), cell.source)
    graded = [cell for cell in notebook.cells if is_grade(cell) and not is_solution(cell) and cell.cell_type == "code"]
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook, timeout=CELL_TIMEOUT_S, allow_errors=True, resources={"metadata": {"path": folder}}
        )
        try:
            client.execute(env={**os.environ, "PYTHONPATH": str(ROOT), "CARDLAB_DATA": str(ROOT / "data")})
        except DeadKernelError as error:
            print(error, file=sys.stderr)
    return {
        cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] if cell.execution_count else 0.0 for cell in graded
    }


if __name__ == "__main__":
    json.dump(plain_scores(Path(sys.argv[1]), json.load(sys.stdin)), sys.stdout)
