"""The plain engine, with real kernels: how cells end, what they cost, what is left over."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from judge.plan import GradingJob, GradingResult, Limits, PlanCell, State

AWARD = "from judge.kit import award\naward(2 * (double(2) == 4), 2)"
DOUBLE = PlanCell("double", "student", "def double(x):\n    return 2 * x")
FAST = Limits(cell_s=4, test_s=4, total_s=40, memory_mb=1024)


def student(source: str) -> PlanCell:
    return PlanCell("mine", "student", source)


def grade(*cells: PlanCell, limits: Limits = FAST, **options: Path) -> GradingResult:
    job = GradingJob("ada/ps1/ps1", "ps1", cells, {"helper.py": b"answer = 42\n", "numpy.py": b"broken("}, limits)
    command = [sys.executable, "-P", "-m", "judge.kernel"]
    command += [word for name, path in options.items() for word in (f"--{name.replace('_', '-')}", str(path))]
    environment = {"PATH": os.defpath, "SECRET_TOKEN": "CANARY-token"}
    done = subprocess.run(command, input=job.to_json(), env=environment, capture_output=True, text=True, check=True)
    return GradingResult.from_json(done.stdout)


def states(result: GradingResult) -> dict[str, State]:
    return {one.id: one.state for one in (*result.cells, *result.verdicts)}


def test_a_right_and_a_wrong_answer_earn_what_their_tests_say() -> None:
    result = grade(
        student("print('shown')\n6 * 7"),
        DOUBLE,
        PlanCell("award", "test", AWARD, 2),
        PlanCell("asserts", "test", "print('CANARY-test')\nassert double(3) == 6", 1),
        PlanCell("wrong", "test", "assert double(3) == 7, 'CANARY-message'", 1, "Try 3."),
        PlanCell("error", "test", "triple(3)", 1),
    )

    assert states(result) == {
        "mine": State.ok,
        "double": State.ok,
        "award": State.ok,
        "asserts": State.ok,
        "wrong": State.wrong,
        "error": State.error,
    }
    assert (result.points, result.max_points, result.state) == (3.0, 5.0, State.error)
    assert [one["output_type"] for one in result.cells[0].outputs] == ["stream", "execute_result"]
    assert "CANARY" not in json.dumps([cell.outputs for cell in result.cells])
    assert result.cpu_s > 0


def test_an_error_in_a_students_cell_stops_nothing_after_it() -> None:
    result = grade(student("1 / 0"), DOUBLE, PlanCell("award", "test", AWARD, 2))

    assert states(result) == {"mine": State.error, "double": State.ok, "award": State.ok}
    assert (result.state, result.cells[0].error) == (State.ok, "ZeroDivisionError: division by zero")


def test_an_error_that_is_kept_from_being_shown_still_fails_its_test() -> None:
    hush = "get_ipython().showtraceback = lambda *a, **k: None\nget_ipython()._showtraceback = lambda *a: None"

    result = grade(student(hush), PlanCell("t", "test", "assert False", 2))

    assert (result.points, result.verdicts[0].state) == (0.0, State.wrong)


def test_an_endless_loop_costs_its_own_cell_only() -> None:
    result = grade(student("while True:\n    pass"), DOUBLE, PlanCell("award", "test", AWARD, 2))

    assert states(result) == {"mine": State.timeout, "double": State.ok, "award": State.ok}
    assert result.state is State.timeout
    assert result.reason == "mine: the cell ran longer than 4 s and was interrupted"


def test_a_loop_that_ignores_its_interrupt_ends_the_kernel_and_says_so() -> None:
    stubborn = (
        "while True:\n    try:\n        while True:\n            pass\n    except KeyboardInterrupt:\n        pass"
    )

    result = grade(student(stubborn), DOUBLE, PlanCell("award", "test", AWARD, 2))

    assert states(result) == {"mine": State.timeout, "double": State.crashed, "award": State.crashed}
    assert result.state is State.timeout
    assert "not run: in mine" in (result.verdicts[0].reason or "")


@pytest.mark.parametrize(
    ("source", "words"),
    [("import os\nos._exit(3)", "exit code 3"), ("import os\nos.kill(os.getpid(), 9)", "signal 9")],
    ids=["exit", "kill"],
)
def test_a_kernel_that_dies_crashes_what_comes_after(source: str, words: str) -> None:
    before = PlanCell("before", "test", AWARD, 2)

    result = grade(DOUBLE, before, student(source), PlanCell("after", "test", AWARD, 2))

    assert (result.points, result.state) == (2.0, State.crashed)
    assert words in (result.reason or "")


def test_a_memory_bomb_is_stopped_and_named() -> None:
    result = grade(student("hoard = [bytearray(10**8) for _ in range(40)]"), PlanCell("t", "test", "assert True", 1))

    assert (result.state, result.points) == (State.out_of_memory, 0.0)


def test_the_whole_submission_has_a_budget() -> None:
    nap = PlanCell("nap", "student", "import time\ntime.sleep(2)")
    limits = Limits(cell_s=10, test_s=10, total_s=3)

    result = grade(nap, nap, nap, PlanCell("t", "test", "assert True", 1), limits=limits)

    assert (result.state, result.points) == (State.timeout, 0.0)
    assert result.verdicts[0].reason == "not run: the submission's 3 s were used up"


def test_a_flood_of_output_is_capped() -> None:
    flood = student("for _ in range(200_000):\n    print('x' * 100)")

    result = grade(flood, limits=Limits(cell_s=30, total_s=60, output_bytes=1000))

    assert len(json.dumps(result.cells[0].outputs)) < 2000


def test_nothing_of_ours_is_in_the_environment_and_submitted_modules_shadow_nothing() -> None:
    look = "import os\nassert 'CANARY' not in str(dict(os.environ))\nassert os.environ['HOME'].endswith('/home')"
    shadow = "import helper, numpy\nassert helper.answer == 42\nassert numpy.zeros(1)[0] == 0"

    result = grade(PlanCell("look", "test", look, 1), PlanCell("shadow", "test", shadow, 1))

    assert [one.reason for one in result.verdicts] == [None, None]


def test_tests_find_the_authors_library_and_code_its_data(tmp_path: Path) -> None:
    library, data = tmp_path / "library", tmp_path / "data"
    library.mkdir()
    data.mkdir()
    (library / "authors_only.py").write_text("seed = 7")
    (data / "table.csv").write_text("a\n1\n")
    test = "import authors_only\nassert open('../data/table.csv').read() == 'a\\n1\\n' and authors_only.seed == 7"

    result = grade(PlanCell("t", "test", test, 1), python_path=library, shared=data)

    assert result.verdicts[0].reason is None


def test_no_process_of_a_submission_outlives_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    spawn = (
        "import subprocess\n"
        "left = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"open({str(pid_file)!r}, 'w').write(str(left.pid))"
    )

    grade(student(spawn))

    assert not Path(f"/proc/{pid_file.read_text()}").exists()


def test_a_file_never_leaves_the_work_folder(tmp_path: Path) -> None:
    job = GradingJob("ada/ps1/ps1", "ps1", (DOUBLE,), {"../../escaped.txt": b"x"}, FAST)

    done = subprocess.run(
        [sys.executable, "-P", "-m", "judge.kernel"], input=job.to_json(), capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "doesn't stay in the work folder" in done.stderr
