"""Known answers and what is said against them."""

from pathlib import Path

import pytest

from classroom.course.bank import Answer, complaints_about_coverage, complaints_about_score, load_bank
from classroom.errors import CourseError

WRONG = "# misconception: rows are lines\n# loses: counts_rows\n# may lose: is_fast\ndef count(x): return 0\n"
RIGHT = "# style: a plain loop\n# loses: nothing\ndef count(x): return len(x)\n"


def write_answer(folder: Path, name: str, text: str) -> None:
    path = folder / "count" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def load(folder: Path) -> list[Answer]:
    return load_bank(folder, tasks=["count"], tests=["counts_rows", "is_fast"])


def test_an_answer_carries_its_story_and_what_it_loses(tmp_path: Path) -> None:
    write_answer(tmp_path, "wrong_zero", WRONG)
    write_answer(tmp_path, "right_loop", RIGHT)

    right, wrong = load(tmp_path)

    assert (right.name, right.story, right.is_wrong) == ("count/right_loop", "a plain loop", False)
    assert (wrong.loses, wrong.may_lose, wrong.is_wrong) == ({"counts_rows"}, {"is_fast"}, True)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("wrong_zero", WRONG.replace("counts_rows", "count_rows"), "names ['count_rows']"),
        ("wrong_zero", WRONG.replace("loses: counts_rows", "loses: nothing"), "needs the line"),
        ("right_loop", RIGHT.replace("nothing", "counts_rows"), "needs the line"),
        ("wrong_zero", "def count(x): return 0\n", "needs the line"),
        ("right_loop", RIGHT.replace("# style: a plain loop\n", ""), "needs the line '# style"),
        ("other", WRONG, "call it wrong_... or right_..."),
    ],
)
def test_a_header_that_cannot_be_right_is_refused(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    write_answer(tmp_path, name, text)

    with pytest.raises(CourseError) as caught:
        load(tmp_path)

    assert complaint in str(caught.value)


def test_losing_too_little_and_too_much_are_both_complained_about() -> None:
    answer = Answer("count/wrong_zero", "count", "", "", frozenset({"counts_rows"}), frozenset({"is_fast"}))

    assert complaints_about_score(answer, ["counts_rows"]) == []
    assert complaints_about_score(answer, ["counts_rows", "is_fast"]) == []
    assert len(complaints_about_score(answer, ["is_fast"])) == 1
    assert len(complaints_about_score(answer, ["counts_rows", "keeps_input"])) == 1


def test_a_test_that_no_wrong_answer_loses_is_named() -> None:
    wrong = [Answer(f"count/wrong_{n}", "count", "", "", frozenset({"counts_rows"})) for n in range(3)]
    right = Answer("count/right_loop", "count", "", "", frozenset())

    assert complaints_about_coverage([*wrong, right], {"count": ["counts_rows"]}) == []
    assert [text.split(":")[0] for text in complaints_about_coverage([*wrong, right], {"count": ["is_fast"]})] == [
        "is_fast"
    ]
    assert len(complaints_about_coverage(wrong[:1], {"count": ["counts_rows"]})) == 2


@pytest.mark.parametrize(("task", "complaints"), [("race", []), ("count", ["is_fast"])])
def test_a_test_that_two_tasks_reach_must_bite_in_the_last_of_them(task: str, complaints: list[str]) -> None:
    wrong = [
        *(Answer(f"count/wrong_{n}", "count", "", "", frozenset({"counts_rows"})) for n in range(3)),
        *(Answer(f"race/wrong_{n}", "race", "", "", frozenset({"is_even"})) for n in range(3)),
        Answer(f"{task}/wrong_slow", task, "", "", frozenset({"is_fast"})),
    ]
    right = [Answer(f"{name}/right_loop", name, "", "", frozenset()) for name in ("count", "race")]

    found = complaints_about_coverage(
        [*wrong, *right], {"count": ["counts_rows", "is_fast"], "race": ["is_fast", "is_even"]}
    )

    assert [text.split(":")[0] for text in found] == complaints
