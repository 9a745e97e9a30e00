"""Two graders mark ten briefs at the keyboard, a third decides where they differ; the instructor reads the figures.

Each fixture is one step of the story and stands on the one before; each test keeps one promise about a step.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from sklearn.metrics import cohen_kappa_score

from classroom.ids import AssignmentId, StudentId
from classroom.rubric.files import rubric_path
from tests.e2e.served_class import AXE, Windows, serious_issues, serving
from tests.pages_class import FULL, GRADED, TASK, Hand, pages_class
from tests.pages_class import _at as at

pytestmark = pytest.mark.needs("browser")

RUNS = "window.ran=(window.ran||0)+1"
ATTACK = f"""Brief {{number}}

<script>{RUNS}</script> <img src=x onerror="{RUNS}"> <svg onload="{RUNS}"><script>{RUNS}</script></svg>
[link](javascript:{RUNS}) ![image](x" onerror="{RUNS}) <iframe srcdoc="<script>parent.{RUNS}</script>"></iframe>

| a | <b onmouseover="{RUNS}">b</b> |
|---|---|
| <details open ontoggle="{RUNS}">c</details> | `<script>{RUNS}</script>` |
"""
FILE_NAME = f'"><img src=x onerror="{RUNS.replace("/", "")}">.csv'
FILES = {
    FILE_NAME: f"a,b\n{ATTACK}",
    "notes.md": ATTACK,
    "page.html": f"<!doctype html><body onload='{RUNS}'>{ATTACK}",
    "drawing.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RUNS}"><script>{RUNS}</script></svg>',
    "photo.png": f"\x89PNG<script>{RUNS}</script>",
    "report.pdf": "%PDF-1.7\n<</OpenAction <</S /JavaScript /JS (app.alert\\(1\\))>>>>\n%%EOF",
}
COMMENT = f"<img src=x onerror='{RUNS}'>Name the rows, too."
BRIEFS = range(10)
STUDENTS = [f"student{number}" for number in BRIEFS]
CRITERIA = ("defect", "evidence", "impact", "contract", "reader")
WEIGHTS = dict(zip(CRITERIA, (1, 2, 1, 1, 1), strict=True))
# Levels by brief, one for each criterion. On briefs 3 and 7 the two are two levels apart or more on one criterion.
FIRST = {number: [(number + step) % 4 + 1 for step in range(5)] for number in BRIEFS}
SECOND = {number: list(levels) for number, levels in FIRST.items()}
SECOND[0][0], SECOND[4][1], SECOND[5][2] = FIRST[0][0] + 1, FIRST[4][1] - 1, FIRST[5][2] - 1
FIRST[3][2], SECOND[3][2] = 4, 1
FIRST[7][4], SECOND[7][4] = 0, 2
DECIDED = {3: ("impact", 3), 7: ("reader", 2)}


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Windows]:
    hands = [Hand(STUDENTS[number], at(10, 1 + number), FULL, answer=ATTACK.format(number=number)) for number in BRIEFS]
    folder = tmp_path_factory.mktemp("marking") / "class"
    with pages_class(folder, hands=hands, rules="double_marked: 1, second_look_days: 7") as room:
        for student in STUDENTS:
            place = room.settings.course_dir("submitted") / student / GRADED
            for name, text in FILES.items():
                (place / name).write_text(text)
        with serving(room, browser) as opened:
            yield opened


@pytest.fixture(scope="module")
def marked(windows: Windows, course_root: Path, screenshots: Path) -> dict[str, list[str]]:
    """Both have marked all ten; what axe found on the way, by grader."""
    axe = (course_root / AXE).read_text()
    issues = {}
    for who, levels in (("gil", FIRST), ("gus", SECOND)):
        page = windows.go(who, "grading")
        issues[who] = serious_issues(page, axe)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{TASK}/*")
        page.screenshot(path=screenshots / f"30_desk_{who}.png")
        expect(page.locator("#lost")).to_be_hidden()
        issues[who] += serious_issues(page, axe)
        for _ in BRIEFS:
            mark_at_keyboard(page, levels)
        page.screenshot(path=screenshots / f"31_queue_{who}.png", full_page=True)
    return issues


@pytest.fixture(scope="module")
def decided(marked: dict[str, list[str]], windows: Windows, course_root: Path, screenshots: Path) -> list[str]:
    """The third person has decided both; what axe found."""
    axe = (course_root / AXE).read_text()
    page, issues = windows.go("gwen", "grading"), []
    for _ in DECIDED:
        page.get_by_role("region").or_(page.locator("section")).locator("a[href$='/third']").first.click()
        page.wait_for_url("**/third")
        issues += serious_issues(page, axe)
        _, level = DECIDED[brief(page)]
        page.keyboard.press(str(level))
        page.keyboard.press("n")
        expect(page.get_by_text("What the two chose")).to_be_visible()
        page.screenshot(path=screenshots / "32_third_opinion.png")
        issues += serious_issues(page, axe)
        page.keyboard.press("c")
        page.keyboard.type("As the descriptor says.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("is decided.")).to_be_visible()
    return issues


def open_a_piece(page: Page) -> None:
    """The last one of the queue, with its keys ready."""
    page.locator(f"a[href*='/{TASK}/']").last.click()
    page.wait_for_url(f"**/{TASK}/*")


def brief(page: Page) -> int:
    found = re.search(r"Brief (\d)", page.locator("article.paper").inner_text())
    assert found
    return int(found[1])


def mark_at_keyboard(page: Page, levels: dict[int, list[int]]) -> None:
    number = brief(page)
    if number == 0:
        page.keyboard.press("c")
        page.keyboard.type(COMMENT)
        page.keyboard.press("Escape")
    for level in levels[number]:
        page.keyboard.press(str(level))
    expect(page.locator("#set")).to_have_text("5")
    before = page.url
    page.keyboard.press("n")
    page.wait_for_url(lambda url: url != before)


def pairs(criterion: int) -> tuple[list[int], list[int]]:
    return [FIRST[number][criterion] for number in BRIEFS], [SECOND[number][criterion] for number in BRIEFS]


@pytest.mark.usefixtures("marked")
def test_nothing_of_a_student_runs_on_any_page(windows: Windows) -> None:
    for who, path in (("gil", "grading"), ("ivy", f"assignments/{GRADED}/submissions/{STUDENTS[0]}")):
        page = windows.go(who, path)
        assert page.evaluate("window.ran") is None
    for name, page in windows._pages.items():
        assert page.evaluate("window.ran") is None, name
    assert windows.faults == []


@pytest.mark.usefixtures("marked")
def test_a_file_keeps_its_name_as_text_and_comes_as_an_attachment(windows: Windows) -> None:
    page = windows.go("gil", "grading")
    open_a_piece(page)
    page.keyboard.press("e")

    link = page.locator("#evidence a", has_text=FILE_NAME)
    assert link.inner_text() == FILE_NAME
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "file-1.csv"


@pytest.mark.usefixtures("marked")
def test_files_are_read_beside_the_answer_and_nothing_of_them_runs(
    windows: Windows, course_root: Path, screenshots: Path
) -> None:
    page = windows.go("gil", "grading")
    open_a_piece(page)
    page.keyboard.press("e")
    for summary in page.locator("#evidence details.file > summary").all():
        summary.click()
    expect(page.locator("#evidence details.file table")).to_have_count(1)
    expect(page.locator("#evidence details.file pre")).not_to_have_count(0)
    page.screenshot(path=screenshots / "37_files.png", full_page=True)

    assert page.locator("#evidence details.file").count() == len(FILES) - 1  # of the PDF nothing is shown
    assert page.locator("#evidence :is(script, iframe, svg[onload], img[onerror], [onclick], [onload])").count() == 0
    assert page.evaluate("window.ran") is None
    assert windows.faults == []
    assert serious_issues(page, (course_root / AXE).read_text()) == []


def test_the_desk_has_no_serious_barrier(marked: dict[str, list[str]], decided: list[str]) -> None:
    assert [*marked["gil"], *marked["gus"], *decided] == []


@pytest.mark.usefixtures("decided")
def test_the_agreement_page_shows_what_others_compute(windows: Windows, course_root: Path, screenshots: Path) -> None:
    page = windows.go("ivy", "agreement")
    page.screenshot(path=screenshots / "33_agreement.png", full_page=True)

    for number, criterion in enumerate(CRITERIA):
        first, second = pairs(number)
        kappa = cohen_kappa_score(first, second, labels=range(5), weights="quadratic")
        alpha = krippendorff.alpha(np.array([first, second], dtype=float), level_of_measurement="ordinal")
        same = sum(a == b for a, b in zip(first, second, strict=True)) / len(BRIEFS)
        row = page.locator(f"#by-{criterion}")
        expect(row).to_contain_text(f"{kappa:.2f}")
        expect(row).to_contain_text(f"{alpha:.2f}")
        expect(row).to_contain_text(f"{same:.0%}")
    differences = [a - b for number in BRIEFS for a, b in zip(FIRST[number], SECOND[number], strict=True)]
    expect(page.locator("#of-gil")).to_contain_text(f"{np.mean(differences):.2f}")
    assert serious_issues(page, (course_root / AXE).read_text()) == []


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize("number", BRIEFS)
def test_the_gradebook_holds_the_mean_and_what_the_third_decided(number: int, windows: Windows) -> None:
    found = windows.room.gradebook.submission(AssignmentId(GRADED), StudentId(STUDENTS[number]))
    levels = {name: (FIRST[number][place] + SECOND[number][place]) / 2 for place, name in enumerate(CRITERIA)} | dict(
        [DECIDED[number]] if number in DECIDED else []
    )
    hundredths = sum(int(100 * WEIGHTS[name] * level / 4 + 0.5) for name, level in levels.items())

    assert found is not None
    assert [task.manual_score for task in found.tasks if task.grade_id == TASK] == [hundredths / 100]


@pytest.mark.usefixtures("decided")
def test_students_see_nothing_before_release_and_levels_and_comments_after(
    windows: Windows, course_root: Path, screenshots: Path
) -> None:
    student = STUDENTS[0]
    before = windows.go(student, f"my/{GRADED}/feedback").content()

    windows.room.give_back(student)

    page = windows.go(student, f"my/{GRADED}/feedback")
    page.screenshot(path=screenshots / "34_levels_and_comments.png", full_page=True)
    assert "Name the rows" not in before
    assert "level 1.5 of 4" not in before
    assert page.get_by_role("img", name="level 1.5 of 4").count() == 1  # 1 and 2 on the first criterion
    expect(page.get_by_text(COMMENT).first).to_be_visible()
    assert page.evaluate("window.ran") is None
    assert windows.faults == []
    assert serious_issues(page, (course_root / AXE).read_text()) == []


@pytest.mark.usefixtures("decided")
def test_a_question_about_a_mark_goes_to_another_grader_and_comes_back(
    windows: Windows, course_root: Path, screenshots: Path
) -> None:
    axe = (course_root / AXE).read_text()
    student, question, answer = STUDENTS[1], f"Which rows? {ATTACK}"[:500], "The count stands in the second paragraph."
    windows.room.give_back(student)

    asking = windows.go(student, f"my/{GRADED}/feedback")
    asking.get_by_label("Task", exact=True).select_option(TASK)
    asking.get_by_label("What should be looked at").fill(question)
    asking.get_by_role("button", name="Ask for a second look").click()
    expect(asking.get_by_text("Your question is sent")).to_be_visible()
    first = windows.go("gil", "second-looks")
    expect(first.get_by_text("No question is open")).to_be_visible()  # who marked it doesn't answer
    other = windows.go("gwen", "second-looks")
    other.screenshot(path=screenshots / "38_second_look.png")
    issues = serious_issues(other, axe)
    other.get_by_label("Answer").fill(answer)
    other.get_by_role("button", name="Answer").click()
    expect(other.get_by_text("The answer is stored")).to_be_visible()

    asking = windows.go(student, f"my/{GRADED}/feedback")
    asking.screenshot(path=screenshots / "39_answered.png", full_page=True)
    expect(asking.get_by_text(answer)).to_be_visible()
    expect(asking.get_by_text("Which rows?")).to_be_visible()  # the question stays
    assert issues + serious_issues(asking, axe) == []
    assert asking.evaluate("window.ran") is None
    assert other.evaluate("window.ran") is None
    assert windows.faults == []


@pytest.mark.usefixtures("decided")
def test_the_desk_reads_in_the_dark_and_on_a_phone(windows: Windows, course_root: Path, screenshots: Path) -> None:
    axe = (course_root / AXE).read_text()
    page = windows.go("gil", "grading")
    open_a_piece(page)
    page.get_by_role("button", name="Switch light and dark").click()
    page.screenshot(path=screenshots / "35_desk_dark.png")
    dark = serious_issues(page, axe)
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=screenshots / "36_desk_phone.png", full_page=True)

    assert dark + serious_issues(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.usefixtures("decided")
def test_the_figures_of_agreement_read_on_a_phone(windows: Windows, course_root: Path, screenshots: Path) -> None:
    page = windows.go("ivy", "agreement")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=screenshots / "40_agreement_phone.png", full_page=True)

    assert serious_issues(page, (course_root / AXE).read_text()) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.usefixtures("decided")
def test_a_changed_weight_is_shown_then_written_then_taken_back(
    windows: Windows, course_root: Path, screenshots: Path
) -> None:
    axe, given = (course_root / AXE).read_text(), points_given(windows)
    path = rubric_path(windows.room.settings.course_root, AssignmentId(GRADED), TASK)
    before = path.read_text()
    changed = before.replace("weight: 2", "weight: 1", 1).replace("weight: 1", "weight: 2", 1)
    path.write_text(changed)
    try:
        page = windows.go("ivy", f"assignments/{GRADED}/rescore")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.screenshot(path=screenshots / "43_rubric_with_a_mistake.png")
        issues = serious_issues(page, axe)
        expect(page.get_by_text("levels and gates make 5.5 points, it says 5.25").first).to_be_visible()
        for old, new in (("5.25", "5.5"), ("3.25", "3.5"), ("1.75", "2")):  # what the anchors are worth now
            changed = changed.replace(f"points: {old}", f"points: {new}")
        path.write_text(changed)
        page = windows.go("ivy", f"assignments/{GRADED}/rescore")
        page.screenshot(path=screenshots / "41_rescore.png", full_page=True)
        issues += serious_issues(page, axe)
        shown = page.locator("tbody tr").count()
        expect(page.locator("tbody del").first).to_be_visible()
        page.get_by_role("button", name=re.compile("^Write")).click()
        expect(page.get_by_role("button", name=re.compile("^Take back"))).to_be_visible()
        page.screenshot(path=screenshots / "42_rescored.png", full_page=True)
        written = points_given(windows)
        issues += serious_issues(page, axe)
        page.get_by_role("button", name=re.compile("^Take back")).click()
        expect(page.get_by_role("button", name=re.compile("^Write"))).to_be_visible()
    finally:
        path.write_text(before)

    assert shown == sum(written[student] != given[student] for student in STUDENTS) > 0
    assert points_given(windows) == given
    assert issues == []


def points_given(windows: Windows) -> dict[str, float | None]:
    """What the gradebook has for the written task, by student."""
    found = {one: windows.room.gradebook.submission(AssignmentId(GRADED), StudentId(one)) for one in STUDENTS}
    return {
        student: next(task.manual_score for task in submission.tasks if task.grade_id == TASK)
        for student, submission in found.items()
        if submission is not None
    }
