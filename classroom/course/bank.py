"""Known answers: what students really write, wrong and right, and what each of them must earn.

bank/<assignment>/<grade_id of the solution cell>/wrong_*.py or right_*.py is one answer: the whole text of that cell,
with lines such as

    # misconception: a duplicate is a row equal in every column        (wrong_*; right_* have "style:")
    # loses: clean_keeps_latest_scrape, clean_ignores_row_order        (grade_ids of test cells, or "nothing")
    # may lose: clean_repairs_values                                   (if needed)
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from classroom.errors import CourseError

MIN_WRONG = 3
MIN_RIGHT = 1

_HEADER = re.compile(r"^# (misconception|style|loses|may lose)(?: \([^)]*\))?: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """One text for one solution cell, and the test cells that must and may lose points with it."""

    name: str  # "clean/wrong_empty_table"
    task: str  # grade_id of the solution cell
    source: str
    story: str  # the misconception, or the style
    loses: frozenset[str]
    may_lose: frozenset[str] = frozenset()

    @property
    def is_wrong(self) -> bool:
        return bool(self.loses)


def load_bank(folder: Path, *, tasks: Collection[str], tests: Collection[str]) -> list[Answer]:
    """All answers below bank/<assignment>, by name; raises CourseError for a header that can't be right.

    tasks: grade_ids of the solution cells, tests: of the test cells with points.
    """
    return [load_answer(path, tasks=tasks, tests=tests) for path in sorted(folder.glob("*/*.py"))]


def load_answer(path: Path, *, tasks: Collection[str], tests: Collection[str]) -> Answer:
    """The answer in one file; raises CourseError."""
    source = path.read_text(encoding="utf-8")
    task, name = path.parent.name, f"{path.parent.name}/{path.stem}"
    header = dict(_HEADER.findall(source))
    loses, may_lose = (_parse_names(header.get(key, "nothing")) for key in ("loses", "may lose"))
    if task not in tasks:
        raise CourseError(f"bank: {name}: no solution cell is called {task!r}; rename the folder")
    if unknown := sorted((loses | may_lose) - set(tests)):
        raise CourseError(f"bank: {name} names {unknown}; the test cells with points are {sorted(tests)}")
    is_wrong = path.stem.startswith("wrong_")
    if not is_wrong and not path.stem.startswith("right_"):
        raise CourseError(f"bank: {name}: call it wrong_... or right_...")
    if "loses" not in header or is_wrong != bool(loses):
        wanted = "'# loses: <grade_ids>'" if is_wrong else "'# loses: nothing'"
        raise CourseError(f"bank: {name} needs the line {wanted}")
    story = header.get("misconception" if is_wrong else "style", "")
    if not story:
        raise CourseError(f"bank: {name} needs the line '# {'misconception' if is_wrong else 'style'}: ...'")
    return Answer(name, task, source, story, loses, may_lose)


def complaints_about_score(answer: Answer, lost: Collection[str]) -> list[str]:
    """What is wrong with the test cells that an answer lost points on; empty when all is as its file says."""
    kept = [
        f"{answer.name} should lose points on {test} and keeps them all" for test in sorted(answer.loses - set(lost))
    ]
    surprising = sorted(set(lost) - answer.loses - answer.may_lose)
    return kept + [f"{answer.name} loses points on {test}, which its file doesn't say" for test in surprising]


def complaints_about_coverage(answers: Collection[Answer], tests_of_task: Mapping[str, Collection[str]]) -> list[str]:
    """Tasks with too few answers, and test cells that no wrong answer to their task loses.

    tests_of_task: tasks in the notebook's order, each with the tests that its names reach. A test that several reach (a
    text checked against the functions before it) belongs to the last of them: that a broken function before it fails
    the test shows nothing of the text.
    """
    found = []
    lost = {(answer.task, test) for answer in answers if answer.is_wrong for test in answer.loses}
    owner = {test: task for task, tests in tests_of_task.items() for test in tests}
    for task, tests in tests_of_task.items():
        mine = [answer for answer in answers if answer.task == task]
        wrong = [answer for answer in mine if answer.is_wrong]
        if len(wrong) < MIN_WRONG:
            found.append(f"{task}: {len(wrong)} known-wrong answers, {MIN_WRONG} are wanted")
        if len(mine) - len(wrong) < MIN_RIGHT:
            found.append(f"{task}: no right answer in another style")
        found += [
            f"{test}: no known-wrong answer to {task} loses it, so nothing shows that it bites"
            for test in tests
            if owner[test] == task and (task, test) not in lost
        ]
    return found


def _parse_names(text: str) -> frozenset[str]:
    names = {name.strip() for name in text.split(",")}
    return frozenset(names - {"nothing", ""})
