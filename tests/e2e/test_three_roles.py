"""One assignment from release to feedback, in a real browser, through the three roles.

Each fixture is one step of the story and stands on the one before; each test keeps one promise about a step.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from classroom import assignments as declarations
from classroom.gradebook import Gradebook
from classroom.ids import AssignmentId, StudentId
from classroom.ops.answers import fill, solutions_of, wrong_answers
from tests.e2e.conftest import People
from tests.e2e.lab import RUN_MS, Lab
from tests.running_class import RunningClass

pytestmark = pytest.mark.needs("browser")

ASSIGNMENT, EXERCISES, REPORT = "01_data_engineering", "exercises_01.ipynb", "data_quality_report"
NBGRADER = str(Path(sys.executable).parent / "nbgrader")
HONEST, PARTLY_WRONG, CRASHING = "student1", "student2", "student3"
STUDENTS = (HONEST, PARTLY_WRONG, CRASHING)
CRASH = "import os\n\nos._exit(1)"
CRASHES_IN = "split"
# What each report says, so that the grader knows whom to give what; and the level chosen on every criterion.
REPORTS = {HONEST: "Ruth, feed B is in cents.", PARTLY_WRONG: "Data is bad.", CRASHING: "Please look at feed D."}
LEVELS = {HONEST: 4, PARTLY_WRONG: 1, CRASHING: 3}
COMMENT = "Name the rows, too."


@dataclass(frozen=True)
class Course:
    """The assignment as its instructor has it."""

    root: Path
    declared: declarations.Course

    @property
    def source(self) -> Path:
        return self.root / "source" / ASSIGNMENT / EXERCISES

    def answers(self, student: str) -> dict[str, str]:
        """What that student writes, by grade_id."""
        texts = solutions_of(self.source) | {REPORT: REPORTS[student]}
        if student == PARTLY_WRONG:
            texts |= wrong_answers(self.root / "bank" / ASSIGNMENT, tasks=2)
        if student == CRASHING:
            texts[CRASHES_IN] = CRASH
        return texts

    def points(self) -> dict[str, float]:
        """What each autograded cell is worth."""
        cells = [cell["metadata"].get("nbgrader", {}) for cell in json.loads(self.source.read_text())["cells"]]
        return {cell["grade_id"]: cell["points"] for cell in cells if cell.get("grade") and not cell["solution"]}

    def plain_scores(self, student: str) -> dict[str, float]:
        """What the answers earn in an ordinary kernel by nbgrader's own rule."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.e2e.plain", str(self.source)],
            input=json.dumps(self.answers(student)),
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        scores: dict[str, float] = json.loads(done.stdout)
        return scores


@pytest.fixture(scope="module")
def course(course_root: Path) -> Course:
    return Course(course_root, declarations.load_course(course_root))


@pytest.fixture(scope="module")
def validated(people: People, running: RunningClass, course: Course, screenshots: Path) -> str:
    """The honest student fetches, answers, runs and validates in JupyterLab; what Validate said."""
    page = people.page(HONEST)
    page.screenshot(path=screenshots / "02_my_work_before.png", full_page=True)
    page.get_by_role("link", name="Open in JupyterLab").click()
    lab = lab_of(HONEST, people, running)
    lab.wait_until_open()
    lab.open_assignments()
    page.screenshot(path=screenshots / "03_lab_assignment_list.png")
    lab.fetch(ASSIGNMENT)
    page.screenshot(path=screenshots / "04_lab_fetched.png")
    write_answers(running, course, HONEST)
    lab.open(f"{ASSIGNMENT}/{EXERCISES}")
    lab.run_all(f"{ASSIGNMENT}/{EXERCISES}")
    page.screenshot(path=screenshots / "05_lab_notebook_run.png")
    said = lab.validate()
    page.screenshot(path=screenshots / "06_lab_validated.png")
    lab.close_dialog()
    return said


@pytest.fixture(scope="module")
def submitted(validated: str, people: People, running: RunningClass, course: Course, screenshots: Path) -> None:
    """All three hand in: one in JupyterLab, two with nbgrader's command line on their servers."""
    page = people.page(HONEST)
    lab = lab_of(HONEST, people, running)
    lab.open()
    lab.open_assignments()
    lab.submit(ASSIGNMENT)
    page.screenshot(path=screenshots / "07_lab_submitted.png")
    for student in (PARTLY_WRONG, CRASHING):
        on_server(running, student, "fetch_assignment")
        write_answers(running, course, student)
        on_server(running, student, "submit")


@pytest.fixture(scope="module")
def autograded(submitted: None, people: People, running: RunningClass, screenshots: Path) -> Page:
    """The instructor collects and autogrades, and watches the progress without loading the page again."""
    page = people.page("instructor")
    page.goto(f"{running.url}/services/classroom/mlcards/assignments")
    page.screenshot(path=screenshots / "08_instructor_board.png", full_page=True)
    page.goto(pipeline_url(running))
    page.screenshot(path=screenshots / "09_instructor_collect.png", full_page=True)
    page.get_by_role("button", name="Collect 3", exact=True).click()
    page.get_by_role("button", name="Autograde 3", exact=True).click()
    expect(page.get_by_role("heading", name="Autograde, run 1")).to_be_visible()
    page.evaluate("document.body.dataset.seen = 'yes'")
    expect(page.get_by_text("running", exact=True).first).to_be_visible(timeout=RUN_MS)
    page.screenshot(path=screenshots / "10_instructor_progress.png", full_page=True)
    expect(page.get_by_role("heading", name="3 pieces to grade by hand")).to_be_visible(timeout=RUN_MS)
    page.screenshot(path=screenshots / "11_instructor_autograded.png", full_page=True)
    return page


@pytest.fixture(scope="module")
def marked(autograded: Page, people: People, running: RunningClass, screenshots: Path) -> None:
    """The grader gives levels and a comment to each report, by keyboard."""
    page = people.page("grader")
    page.goto(f"{running.url}/services/classroom/mlcards/grading")
    page.screenshot(path=screenshots / "12_grader_queue.png", full_page=True)
    page.get_by_role("link", name="Go on with the next piece").click()
    for number in range(len(STUDENTS)):
        answer = page.locator("article.paper")
        student = next(name for name, text in REPORTS.items() if text in answer.inner_text())
        mark(page, LEVELS[student])
        page.screenshot(path=screenshots / f"13_grader_piece_{number + 1}.png")
        page.locator("#done").click()
        page.wait_for_load_state()
    expect(page.get_by_text("0 pieces to grade")).to_be_visible()
    page.screenshot(path=screenshots / "14_grader_done.png", full_page=True)


@pytest.fixture(scope="module")
def given(marked: None, people: People, running: RunningClass, screenshots: Path) -> None:
    """The instructor releases the feedback."""
    page = people.page("instructor")
    page.goto(f"{pipeline_url(running)}/submissions")
    page.screenshot(path=screenshots / "15_instructor_submissions.png", full_page=True)
    page.goto(f"{pipeline_url(running)}/feedback")
    page.screenshot(path=screenshots / "16_instructor_feedback.png", full_page=True)
    page.get_by_role("button", name="Release feedback of 3").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible(timeout=RUN_MS)
    page.screenshot(path=screenshots / "17_instructor_all_done.png", full_page=True)


def test_the_hubs_page_asks_who_it_is(people: People, running: RunningClass, screenshots: Path) -> None:
    page = people.stranger()

    page.goto(f"{running.url}/")

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.screenshot(path=screenshots / "01_login.png")


def test_the_honest_student_validates_in_jupyterlab(validated: str) -> None:
    assert "Success! Your notebook passes all the tests." in validated


def test_what_is_not_a_students_is_not_offered(validated: str, people: People, running: RunningClass) -> None:
    lab = lab_of(HONEST, people, running)
    lab.open()

    assert lab.has_menu_entry("Nbgrader", "Assignment List")
    assert not lab.has_menu_entry("Nbgrader", "Formgrader")
    assert not lab.has_menu_entry("Nbgrader", "Course List")


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize("student", STUDENTS)
def test_my_work_shows_the_receipt(student: str, people: People, running: RunningClass, screenshots: Path) -> None:
    page = people.page(student)

    page.goto(f"{running.url}/services/classroom/mlcards/my/{ASSIGNMENT}")

    page.screenshot(path=screenshots / f"18_attempts_{student}.png", full_page=True)
    receipt = page.get_by_role("region", name="Receipt, attempt 1")
    expect(receipt).to_contain_text(student)
    expect(receipt).to_contain_text("genuine")


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize("path", ["assignments", f"assignments/{ASSIGNMENT}/submissions", "grading"])
def test_a_student_is_kept_from_the_staffs_pages(path: str, people: People, running: RunningClass) -> None:
    answer = people.page(HONEST).goto(f"{running.url}/services/classroom/mlcards/{path}")

    assert answer is not None
    assert answer.status == 403


def test_progress_came_without_loading_the_page_again(autograded: Page) -> None:
    assert autograded.evaluate("document.body.dataset.seen") == "yes"


@pytest.mark.usefixtures("autograded")
@pytest.mark.parametrize("student", STUDENTS)
def test_autograded_points_are_those_of_an_ordinary_kernel(student: str, course: Course, running: RunningClass) -> None:
    expected = course.plain_scores(student)

    assert auto_scores(running, course, student) == expected


@pytest.mark.usefixtures("autograded")
def test_the_three_fare_as_their_answers_deserve(course: Course, running: RunningClass) -> None:
    points = course.points()
    before_the_crash = [name for name in points if list(points).index(name) < list(points).index("split_check")]

    assert auto_scores(running, course, HONEST) == points
    assert 0 < sum(auto_scores(running, course, PARTLY_WRONG).values()) < sum(points.values())
    assert auto_scores(running, course, CRASHING) == {
        name: worth if name in before_the_crash else 0 for name, worth in points.items()
    }


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("student", STUDENTS)
def test_the_student_reads_points_levels_and_comments(
    student: str, people: People, course: Course, running: RunningClass, screenshots: Path
) -> None:
    page = people.page(student)
    auto = sum(auto_scores(running, course, student).values())
    by_hand = 6 * LEVELS[student] / 4

    page.goto(f"{running.url}/services/classroom/mlcards/my")
    page.screenshot(path=screenshots / f"19_my_work_{student}.png", full_page=True)
    page.goto(f"{running.url}/services/classroom/mlcards/my/{ASSIGNMENT}/feedback")

    page.screenshot(path=screenshots / f"20_feedback_{student}.png", full_page=True)
    stats = page.locator("dl.stats")
    expect(stats).to_contain_text(f"total{shown(auto + by_hand)} of 54.0")
    expect(page.get_by_text(COMMENT).first).to_be_visible()
    assert "HIDDEN TESTS" not in page.content()


@pytest.mark.usefixtures("given")
def test_the_student_reads_the_feedback_in_jupyterlab(people: People, running: RunningClass, screenshots: Path) -> None:
    page = people.page(HONEST)
    lab = lab_of(HONEST, people, running)
    lab.open()
    lab.open_assignments()

    lab.fetch_feedback(ASSIGNMENT)

    page.screenshot(path=screenshots / "21_lab_feedback.png")
    documents = list((home(running, HONEST) / ASSIGNMENT / "feedback").rglob("*.html"))
    texts = [path.read_text() for path in documents]
    assert any(COMMENT in text for text in texts)
    assert not any("HIDDEN TESTS" in text or "cardpress" in text or "<script" in text for text in texts)
    page.goto(f"{running.url}/user/{HONEST}/files/{documents[0].relative_to(home(running, HONEST))}")
    page.screenshot(path=screenshots / "22_feedback_document.png")


def mark(page: Page, level: int) -> None:
    """The same level on each criterion, and a comment on the first."""
    names = page.locator("fieldset.crit")
    page.locator("fieldset.crit textarea").first.fill(COMMENT)
    page.keyboard.press("Escape")
    for _ in range(names.count()):
        page.keyboard.press(str(level))
    expect(page.locator("#set")).to_have_text(str(names.count()))


def auto_scores(running: RunningClass, course: Course, student: str) -> dict[str, float]:
    """What the gradebook holds of the autograded cells."""
    gradebook = Gradebook(f"sqlite:///{running.state / 'gradebook.db'}", course.declared)
    try:
        found = gradebook.submission(AssignmentId(ASSIGNMENT), StudentId(student))
    finally:
        gradebook.close()
    assert found is not None
    return {str(task.grade_id): task.auto_score or 0.0 for task in found.tasks if str(task.grade_id) in course.points()}


def write_answers(running: RunningClass, course: Course, student: str) -> None:
    """As if the student had typed them."""
    notebook = home(running, student) / ASSIGNMENT / EXERCISES
    notebook.write_bytes(fill(notebook, course.answers(student)))


def on_server(running: RunningClass, student: str, *command: str) -> None:
    """nbgrader's command line in the student's server: its environment, its folder."""
    server = next((one for one in running.servers(student)), None) or running.spawn(student)
    environment: Mapping[str, str] = server.environ()
    done = subprocess.run(
        [NBGRADER, *command, ASSIGNMENT], env=environment, cwd=home(running, student), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def lab_of(student: str, people: People, running: RunningClass) -> Lab:
    return Lab(people.page(student), f"{running.url}/user/{student}", home(running, student))


def home(running: RunningClass, student: str) -> Path:
    return running.state / "homes" / student


def pipeline_url(running: RunningClass) -> str:
    return f"{running.url}/services/classroom/mlcards/assignments/{ASSIGNMENT}"


def shown(points: float) -> str:
    """As the pages write points: one decimal, two where quarters occur."""
    return f"{points:.1f}" if round(points * 10, 6) % 1 == 0 else f"{points:.2f}"
