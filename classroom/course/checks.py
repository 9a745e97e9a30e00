"""The proof that an assignment may be released: its tests tell right from wrong, and its release gives nothing away."""

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classroom.course import lint
from classroom.course.bank import Answer, complaints_about_coverage, complaints_about_score, load_bank
from classroom.course.lint import Cell
from classroom.course.rubric_checks import complaints_about_listing, complaints_about_rubrics
from classroom.course.split import complaints_about_split
from classroom.errors import CourseError
from classroom.ids import AssignmentId
from judge.names import affected_cells, bound_names, needed_names, required_cells
from judge.plan import CellVerdict, GradingJob, GradingResult, Limits, PlanCell, State

LESSON_LIMIT_S = 60.0

Grade = Callable[[Sequence[GradingJob]], Iterator[GradingResult]]  # results in any order
Generate = Callable[[AssignmentId, Path], None]  # writes the release of an assignment into a folder


@dataclass(frozen=True)
class CourseFolders:
    """Where a course keeps what `check` reads."""

    source: Path
    bank: Path
    rubrics: Path


@dataclass(frozen=True)
class Row:
    """What one known answer earned. `lost`: test cells with less than full points."""

    name: str
    points: float
    max_points: float
    lost: tuple[str, ...]
    complaints: tuple[str, ...]
    wall_s: float


@dataclass(frozen=True)
class Report:
    """Everything that was found; the assignment passes when there are no complaints."""

    assignment: AssignmentId
    rows: tuple[Row, ...]
    complaints: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.complaints


def check_assignment(
    assignment: AssignmentId,
    folders: CourseFolders,
    *,
    written: Collection[str],
    generate: Generate,
    grade: Grade,
    task: str | None = None,
) -> Report:
    """The report on an assignment; with `task`, only of the known answers of that solution cell.

    written: what course.yaml lists as marked by a person. Raises CourseError when the assignment can't be read at all.
    """
    notebooks = _load_notebooks(folders.source / assignment)
    exercises = {name: cells for name, cells in notebooks.items() if any(cell.grade for cell in cells)}
    complaints = list(_static_complaints(assignment, notebooks, folders, written))
    released = _generate_release(assignment, generate)
    complaints += _release_complaints(notebooks, released)

    rows: list[Row] = []
    for name, cells in exercises.items():
        answers = _load_answers(assignment, cells, folders, task)
        if task is None:
            complaints += complaints_about_coverage(answers, tests_of_tasks(cells))
        rows += _grade_answers(name, cells, answers, released[f"{name}.ipynb"], grade)
    if task is None:
        lessons = {name: cells for name, cells in notebooks.items() if name not in exercises}
        complaints += _lesson_complaints(lessons, grade)
    complaints += [complaint for row in rows for complaint in row.complaints]
    return Report(assignment, tuple(rows), tuple(complaints))


def plan_cells(cells: Sequence[Cell], texts: Mapping[str, str]) -> tuple[PlanCell, ...]:
    """The cells as a judge runs them; `texts` gives solution cells another text, by grade_id."""
    return tuple(_plan_cell(cell, texts) for cell in cells if cell.kind == "code")


def tests_of_tasks(cells: Sequence[Cell]) -> dict[str, list[str]]:
    """For each solution cell, the test cells with points that its names reach."""
    tests = {cell.id: cell.grade_id for cell in cells if cell.is_test and cell.points and cell.grade_id}
    reached = {cell.grade_id: _affected(cells, cell) for cell in cells if cell.is_answer and cell.grade_id}
    return {task: [name for cell_id, name in tests.items() if cell_id in ids] for task, ids in reached.items()}


def _load_notebooks(folder: Path) -> dict[str, list[Cell]]:
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise CourseError(f"source/{folder.name} holds no notebook; is the assignment's name right?")
    return {path.stem: lint.load_cells(path) for path in paths}


def _static_complaints(
    assignment: AssignmentId, notebooks: Mapping[str, list[Cell]], folders: CourseFolders, written: Collection[str]
) -> Iterator[str]:
    for name, cells in notebooks.items():
        found = lint.complaints_about_form(cells)
        if any(cell.grade for cell in cells):
            found += lint.complaints_about_tests(cells) + complaints_about_split(cells)
            found += _points_complaints(cells)
        else:
            found += lint.complaints_about_lesson(cells)
        yield from (f"{name}: {complaint}" for complaint in found)
    every = [cell for cells in notebooks.values() for cell in cells]
    yield from complaints_about_rubrics(assignment, every, folders.rubrics)
    yield from complaints_about_listing(assignment, every, written)


def _points_complaints(cells: Sequence[Cell]) -> list[str]:
    total = sum(cell.points for cell in cells if cell.grade)
    if f"{total:g} points" not in cells[0].source:
        return [f"the cells are worth {total:g} points together; the first cell should say '{total:g} points'"]
    return []


def _generate_release(assignment: AssignmentId, generate: Generate) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="classroom-check-") as folder:
        generate(assignment, Path(folder))
        files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): path.read_text(encoding="utf-8", errors="replace") for path in files}


def _release_complaints(notebooks: Mapping[str, list[Cell]], released: Mapping[str, str]) -> list[str]:
    expected = {f"{name}.ipynb" for name in notebooks}
    found = [f"release: {name} isn't expected there" for name in sorted(set(released) - expected)]
    found += [f"release: {name} is missing" for name in sorted(expected - set(released))]
    cells = [cell for notebook in notebooks.values() for cell in notebook]
    return found + lint.complaints_about_leaks(cells, {name: _json_text(text) for name, text in released.items()})


def _json_text(text: str) -> str:
    """A notebook's text with JSON's escapes of quotes and backslashes undone, for a search line by line."""
    return text.replace('\\"', '"').replace("\\\\", "\\")


def _load_answers(
    assignment: AssignmentId, cells: Sequence[Cell], folders: CourseFolders, task: str | None
) -> list[Answer]:
    tasks = [cell.grade_id for cell in cells if cell.is_answer and cell.grade_id]
    tests = [cell.grade_id for cell in cells if cell.is_test and cell.points and cell.grade_id]
    if task is not None and task not in tasks:
        raise CourseError(f"no solution cell is called {task!r}; there are {', '.join(tasks)}")
    answers = load_bank(folders.bank / assignment, tasks=tasks, tests=tests)
    return [answer for answer in answers if task in (None, answer.task)]


def _grade_answers(
    notebook: str, cells: Sequence[Cell], answers: Sequence[Answer], released: str, grade: Grade
) -> Iterator[Row]:
    by_name = {answer.name: answer for answer in answers}
    jobs = [_solution_job(notebook, cells), _release_job(notebook, cells, released)]
    jobs += [_answer_job(notebook, cells, answer) for answer in answers]
    for result in grade(jobs):
        yield _row(result, by_name.get(result.job_id))


def _solution_job(notebook: str, cells: Sequence[Cell]) -> GradingJob:
    """The solution, with the worked examples of its docstrings as further tests."""
    examples = [_example_test(cell) for cell in cells if cell.is_answer and ">>>" in cell.source]
    return GradingJob("solution", notebook, plan_cells(cells, {}) + tuple(examples), limits=_LIMITS)


def _release_job(notebook: str, cells: Sequence[Cell], released: str) -> GradingJob:
    with tempfile.TemporaryDirectory(prefix="classroom-check-") as folder:
        path = Path(folder) / f"{notebook}.ipynb"
        path.write_text(released, encoding="utf-8")
        texts = {cell.grade_id: cell.source for cell in lint.load_cells(path) if cell.solution and cell.grade_id}
    return GradingJob("release", notebook, plan_cells(cells, texts), limits=_LIMITS)


def _answer_job(notebook: str, cells: Sequence[Cell], answer: Answer) -> GradingJob:
    """Only the tests that the changed cell can reach, and the cells that those need: nothing else can tell the answer
    from the solution, which is graded whole."""
    changed = next(cell for cell in cells if cell.grade_id == answer.task)
    answered = [replace(cell, source=answer.source) if cell is changed else cell for cell in cells]
    tests = {cell.id for cell in cells if cell.is_test} & _affected(cells, changed)
    code = [
        (cell.id, cell.source) for cell in answered if cell.kind == "code" and (not cell.is_test or cell.id in tests)
    ]
    kept = required_cells(code, {*tests, changed.id})
    return GradingJob(answer.name, notebook, plan_cells([c for c in answered if c.id in kept], {}), limits=_LIMITS)


# No answer should meet its end by the clock, however busy the machine is: what loops for ever pays with these.
_LIMITS = Limits(cell_s=120, call_s=120, test_s=240, total_s=1200)


def _affected(cells: Sequence[Cell], changed: Cell) -> set[str]:
    """Ids of the cells that a change reaches. What a test defines reaches nobody: the lint sees to that."""
    code = [(cell.id, cell.source) for cell in cells if cell.kind == "code" and not cell.is_test]
    reached = affected_cells(code, changed.id)
    names = {name for cell_id, source in code if cell_id in reached for name in bound_names(source)}
    return reached | {cell.id for cell in cells if cell.is_test and needed_names(cell.source) & names}


def _plan_cell(cell: Cell, texts: Mapping[str, str]) -> PlanCell:
    cell_id = cell.grade_id or cell.id
    if cell.is_test:
        return PlanCell(cell_id, "test", cell.source, cell.points, lint.hint_of(cell.source))
    return PlanCell(cell_id, "student" if cell.solution else "locked", texts.get(cell_id, cell.source))


def _example_test(cell: Cell) -> PlanCell:
    """A test that runs the worked examples of everything the cell binds."""
    found = ", ".join(f"({name}, {name!r})" for name in dict.fromkeys(bound_names(cell.source)))
    source = (
        "import doctest\nfrom judge.kit import award\n"
        "finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()\n"
        f"found = [one for thing, name in [{found}] for one in finder.find(thing, name, False, globals())]\n"
        "award(not sum(runner.run(one).failed for one in found), 1)"
    )
    return PlanCell(f"{cell.grade_id}: worked example", "test", source, 1)


def _row(result: GradingResult, answer: Answer | None) -> Row:
    paid = [verdict for verdict in result.verdicts if verdict.max_points]
    lost = tuple(verdict.id for verdict in paid if verdict.points < verdict.max_points)
    if answer is not None:
        complaints = complaints_about_score(answer, lost)
    elif result.job_id == "solution":
        complaints = [_lost_by_solution(verdict) for verdict in result.verdicts if verdict.state != State.ok]
        complaints += [f"solution: {cell.id} fails: {cell.error}" for cell in result.cells if cell.error]
    else:
        complaints = [f"release: untouched, it earns points on {verdict.id}" for verdict in paid if verdict.points]
    if result.state == State.grader_fault:
        complaints.append(f"{result.job_id}: could not be graded: {result.reason}")
    return Row(result.job_id, result.points, result.max_points, lost, tuple(complaints), result.wall_s)


def _lost_by_solution(verdict: CellVerdict) -> str:
    earned = f"{verdict.points:g} of {verdict.max_points:g}"
    return f"solution: {verdict.id} is {verdict.state}, {earned} points: {verdict.reason or 'no reason given'}"


def _lesson_complaints(lessons: Mapping[str, list[Cell]], grade: Grade) -> Iterator[str]:
    jobs = [GradingJob(name, name, plan_cells(cells, {}), limits=_LIMITS) for name, cells in lessons.items()]
    for result in grade(jobs):
        yield from (f"{result.job_id}: {cell.id} fails: {cell.error}" for cell in result.cells if cell.error)
        if result.cpu_s > LESSON_LIMIT_S:
            yield f"{result.job_id}: took {result.cpu_s:.0f} s of CPU time; {LESSON_LIMIT_S:.0f} s is the limit"
