"""The quiz bank: what a file may hold, what the author is told, and what comes out."""

import csv
import io
import json
from copy import deepcopy
from html import unescape
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from classroom.course.quizzes import check_quiz, load_quiz, quiz_schema, render_csv, render_jupyterquiz
from classroom.errors import CourseError

ROOT = Path(__file__).parents[2]
BANKS = sorted((ROOT / "quizzes").glob("[0-9][0-9].yaml"))

CHOICE = {
    "id": "which_order",
    "lo": "LO-1.1",
    "type": "choice",
    "difficulty": 1,
    "stem": "Which of `a` < b & c comes first?",
    "options": [
        {"text": "The first one", "correct": True, "feedback": "So it is, for 5 dollars [or six]."},
        {"text": "The second", "misconception": "second-first", "feedback": "No."},
        {"text": "The third <b>", "misconception": "third-first", "feedback": "No."},
    ],
}
NUMERIC = {
    "id": "how_many",
    "lo": "LO-1.1",
    "type": "numeric",
    "difficulty": 2,
    "stem": "Half of {{whole}} rows?",
    "answer": "half",
    "tolerance": 0.5,
    "unit": "rows",
    "feedback": "Half of {{whole}}.",
    "traps": [{"answer": "whole", "misconception": "forgot-to-halve", "feedback": "That is all of them."}],
    "params": [{"whole": 9000, "half": 4500}, {"whole": 10, "half": 5}],
}


def bank(tmp_path: Path, *items: dict[str, Any]) -> Path:
    path = tmp_path / "quizzes" / "01.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({"module": "01", "title": "Test", "items": list(items)}), encoding="utf-8")
    return path


def changed(item: dict[str, Any], **values: Any) -> dict[str, Any]:
    return deepcopy(item) | values


def with_option(number: int, **values: Any) -> dict[str, Any]:
    item = deepcopy(CHOICE)
    item["options"][number] |= values  # type: ignore[index]
    return item


def problems(tmp_path: Path, *items: dict[str, Any]) -> list[str]:
    return check_quiz(load_quiz(bank(tmp_path, *items)))


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.stem)
def test_every_bank_in_the_repository_has_no_problem_and_twenty_items(path: Path) -> None:
    quiz = load_quiz(path)

    assert check_quiz(quiz) == []
    assert quiz.module == path.stem
    assert len(quiz.items) >= 20


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.stem)
def test_every_bank_satisfies_the_schema_that_editors_use(path: Path) -> None:
    schema = json.loads((ROOT / "quizzes/schema.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_the_schema_in_the_repository_is_the_one_the_code_prints() -> None:
    assert json.loads((ROOT / "quizzes/schema.json").read_text(encoding="utf-8")) == quiz_schema()


def test_a_sound_bank_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, CHOICE, NUMERIC) == []


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (changed(CHOICE, difficulty=4), ["item 'which_order': difficulty", "found 4"]),
        (changed(CHOICE, lo="1.1"), ["item 'which_order': lo"]),
        (changed(CHOICE, hint="no such field"), ["item 'which_order': hint", "Extra inputs"]),
        (changed(CHOICE, type="essay"), ["item 'which_order'", "essay"]),
        (with_option(1, feedback=""), ["item 'which_order': options: 2: feedback"]),
        ({"type": "choice"}, ["item 1: id: Field required", "item 1: stem"]),
    ],
    ids=["difficulty", "outcome", "unknown field", "unknown type", "no feedback", "no id"],
)
def test_a_malformed_item_is_refused_with_file_item_and_field(
    tmp_path: Path, item: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(CourseError) as refusal:
        load_quiz(bank(tmp_path, item))

    message = str(refusal.value)
    assert all(part in message for part in ["quizzes/01.yaml: ", *told]), message


def test_a_missing_file_and_broken_yaml_say_what_to_do(tmp_path: Path) -> None:
    broken = bank(tmp_path, CHOICE)
    broken.write_text("items: [", encoding="utf-8")

    with pytest.raises(CourseError, match=r"quizzes/01\.yaml: not YAML; mend this"):
        load_quiz(broken)
    with pytest.raises(CourseError, match=r"nowhere/07\.yaml: no such file; write it"):
        load_quiz(tmp_path / "nowhere" / "07.yaml")


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (with_option(1, correct=True, misconception=None), "2 options are correct; mark exactly one"),
        (with_option(0, correct=False, misconception="x"), "0 options are correct; mark exactly one"),
        (changed(CHOICE, type="many"), "1 of 3 options are correct; 'many' needs two or more"),
        (with_option(1, misconception=None), "option 2: a wrong option needs a misconception"),
        (with_option(0, misconception="x"), "option 1: a wrong option needs a misconception, a correct one has none"),
        (with_option(2, text="None of the above"), "option 3 is 'None of the above'"),
        (with_option(2, text="All of these"), "option 3 is 'All of these'"),
        (with_option(2, text="the SECOND"), "two options have the same text"),
        (with_option(0, text="The first one, " + "indeed " * 5), "characters long; balance them"),
        (with_option(0, feedback="It costs $5."), "holds a dollar sign"),
        (changed(NUMERIC, params=[{"whole": 2}]), "variant 1: no value for half"),
        (changed(NUMERIC, params=[]), "no value for half, whole"),
        (changed(NUMERIC, tolerance=5000), "variant 1: trap 'forgot-to-halve' is within tolerance"),
    ],
)
def test_an_item_that_would_mislead_is_named_with_the_remedy(tmp_path: Path, item: dict[str, Any], told: str) -> None:
    found = problems(tmp_path, item)

    assert any(line.startswith(f"quizzes/01.yaml: item '{item['id']}'") and told in line for line in found), found


def test_repeated_ids_and_stems_are_found_whatever_their_case_and_spacing(tmp_path: Path) -> None:
    same_stem = changed(NUMERIC, id="other", stem="half  of {{WHOLE}} rows?".replace("WHOLE", "whole"))

    found = problems(tmp_path, CHOICE, CHOICE, NUMERIC, same_stem)

    assert "quizzes/01.yaml: items 1 and 2 ('which_order') have the same id; change one of them" in found
    assert "quizzes/01.yaml: items 3 and 4 ('other') have the same stem; change one of them" in found


def test_a_bank_whose_longest_option_is_mostly_the_key_is_told_so(tmp_path: Path) -> None:
    longer = with_option(0, text="The first of the three")
    items = [changed(longer, id=f"item_{k}", stem=f"Question {k}?") for k in range(6)]

    assert problems(tmp_path, *items) == [
        "quizzes/01.yaml: the longest option is the correct one in 6 of 6 items; shorten keys"
    ]


def test_rendered_text_is_html_without_markup_maths_or_links_of_its_own(tmp_path: Path) -> None:
    [question] = render_jupyterquiz(load_quiz(bank(tmp_path, with_option(0, feedback="[x](http://a) for $5"))))

    assert question["question"] == "Which of <code>a</code> &lt; b &amp; c comes first?"
    assert question["answers"][2]["answer"] == "The third &lt;b&gt;"
    feedback = question["answers"][0]["feedback"]
    assert "[" not in feedback
    assert "$" not in feedback
    assert unescape(feedback) == "[x](http://a) for $5"


def test_choice_items_keep_their_id_and_tell_one_key_from_several(tmp_path: Path) -> None:
    several = changed(with_option(1, correct=True, misconception=None), type="many", id="two_keys", stem="Which two?")

    one, many = render_jupyterquiz(load_quiz(bank(tmp_path, CHOICE, several)))

    assert (one["id"], one["type"]) == ("which_order", "multiple_choice")
    assert (many["id"], many["type"]) == ("two_keys", "many_choice")
    assert [answer["correct"] for answer in many["answers"]] == [True, True, False]
    assert many["question"] == "Which two? (several are right)"


@pytest.mark.parametrize(("variant", "stem", "half"), [(0, "9,000", 4500), (1, "10", 5), (2, "9,000", 4500)])
def test_a_numeric_item_fills_its_variant_into_stem_answer_and_traps(
    tmp_path: Path, variant: int, stem: str, half: int
) -> None:
    [question] = render_jupyterquiz(load_quiz(bank(tmp_path, NUMERIC)), variant=variant)
    right, trap, other = question["answers"]

    assert question["question"] == f"Half of {stem} rows? (in rows)"
    assert right["correct"]
    assert right["range"] == pytest.approx([half - 0.5, half + 0.5])
    assert right["range"][1] > half + 0.5  # jupyterquiz leaves the upper end out
    assert sum(trap["range"]) / 2 == pytest.approx(2 * half)
    assert other["type"] == "default"


def test_csv_has_a_row_for_each_option_number_and_trap(tmp_path: Path) -> None:
    quiz = load_quiz(bank(tmp_path, CHOICE, NUMERIC))

    rows = list(csv.DictReader(io.StringIO(render_csv(quiz))))

    assert [(row["item_id"], row["answer"], row["correct"]) for row in rows] == [
        ("which_order", "The first one", "1"),
        ("which_order", "The second", "0"),
        ("which_order", "The third <b>", "0"),
        ("how_many", "half", "1"),
        ("how_many", "whole", "0"),
    ]
    assert json.loads(rows[3]["params"])[1] == {"whole": 10, "half": 5}
    assert rows[4]["misconception"] == "forgot-to-halve"
