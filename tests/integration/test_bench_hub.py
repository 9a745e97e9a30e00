"""The bench of the hub does what it says, on a class of ten."""

import json
import subprocess
import sys
from pathlib import Path

STUDENTS = 10


def test_bench_of_the_hub_signs_in_spawns_and_uploads_for_everybody(course_root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.hub", "--students", str(STUDENTS), "--at-once", "4", "--sqlite"]
    done = subprocess.run(
        [*command, "--json", str(tmp_path / "report.json")],
        cwd=course_root, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert [(one["name"], one["steps"], one["errors"]) for one in report["phases"]] == [
        ("sign-in", STUDENTS, {}),
        ("spawn", STUDENTS, {}),
        ("upload", STUDENTS, {}),
    ]
    costs = {one["name"]: one["cpu_ms"] for one in report["phases"]}
    assert costs["sign-in"]["hub"] > 0
    assert costs["upload"]["service"] > 0
    assert all(report["memory_mb"][part] > 0 for part in ("hub", "proxy", "service"))
