from dataclasses import replace

import pytest

from classroom.errors import Refused
from classroom.ids import GradeId
from classroom.rubric.models import Anchor, AnchorMark, Criterion, Gate, Hundredths, Level, Marking, Rubric
from classroom.rubric.scoring import check_marking, missing, part, problems, score, shown, warnings

LEVELS = tuple(Level(value, f"words of {value}") for value in (4, 3, 2, 1))


def make_criterion(name: str, weight: int) -> Criterion:
    return Criterion(name, name.title(), Hundredths(weight), LEVELS, "notes", "hint")


RUBRIC = Rubric(
    task=GradeId("report"),
    title="Report",
    points=Hundredths(600),
    criteria=(make_criterion("decision", 200), make_criterion("cause", 300), make_criterion("words", 100)),
    gates=(Gate("leak", "it leaks", Hundredths(300)), Gate("empty", "no text", Hundredths(100))),
    anchors=(
        Anchor(
            "strong",
            "text",
            {"decision": AnchorMark(4, "r"), "cause": AnchorMark(2, "r"), "words": AnchorMark(3, "r")},
            (),
            Hundredths(425),
        ),
    ),
    digest="0" * 64,
)
ALL_FOUR = {"decision": 4, "cause": 4, "words": 4}


def test_all_fours_earn_the_task_s_points() -> None:
    assert score(RUBRIC, ALL_FOUR).total == 600


def test_a_level_is_worth_its_quarter_of_the_weight() -> None:
    # 200 * 4/4 + 300 * 2/4 + 100 * 3/4, by hand
    made = score(RUBRIC, {"decision": 4, "cause": 2, "words": 3})

    assert made.parts == {"decision": 200, "cause": 150, "words": 75}
    assert made.total == 425


def test_parts_add_up_to_the_total_where_quarters_are_rounded() -> None:
    odd = replace(RUBRIC, criteria=(make_criterion("decision", 199), make_criterion("cause", 401)))

    made = score(odd, {"decision": 1, "cause": 1})

    assert made.parts == {"decision": 50, "cause": 100}  # 49.75 and 100.25
    assert made.total == sum(made.parts.values())


def test_a_half_of_a_hundredth_is_rounded_up() -> None:
    assert part(Hundredths(2), 1) == 1


def test_a_criterion_without_level_earns_nothing_and_is_named() -> None:
    assert score(RUBRIC, {"decision": 4}).total == 200
    assert missing(RUBRIC, {"decision": 0}) == ("Cause", "Words")


@pytest.mark.parametrize(
    ("gates", "total"),
    [((), 600), (("leak",), 300), (("leak", "empty"), 100)],
    ids=["none", "one", "the lowest of two"],
)
def test_gates_cap_the_total(gates: tuple[str, ...], total: int) -> None:
    assert score(RUBRIC, ALL_FOUR, gates).total == total


def test_a_gate_above_the_total_changes_nothing_and_is_not_named() -> None:
    made = score(RUBRIC, {"decision": 4}, ("leak",))

    assert made.total == 200
    assert made.capped_by is None


@pytest.mark.parametrize(
    "marking",
    [
        Marking({"decision": 5}),
        Marking({"other": 1}),
        Marking({}, gates=("other",)),
        Marking({}, comments={"other": "words"}),
    ],
    ids=["level", "criterion", "gate", "comment"],
)
def test_a_marking_that_does_not_fit_the_rubric_is_refused(marking: Marking) -> None:
    with pytest.raises(Refused):
        check_marking(RUBRIC, marking)


def test_a_rubric_that_adds_up_has_no_problems() -> None:
    assert problems(RUBRIC) == []
    assert warnings(RUBRIC) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(RUBRIC, points=Hundredths(500)), "the weights add up to 6, the task has 5 points"),
        (replace(RUBRIC, anchors=(replace(RUBRIC.anchors[0], points=Hundredths(400)),)), "make 4.25 points"),
        (replace(RUBRIC, anchors=(replace(RUBRIC.anchors[0], gates=("other",)),)), "'other' is no gate"),
        (replace(RUBRIC, gates=RUBRIC.gates[:1] * 2), "gate 'leak' stands twice"),
        (replace(RUBRIC, criteria=RUBRIC.criteria[:2]), "'words' is no criterion"),
    ],
    ids=["weights", "anchor's points", "anchor's gate", "twin", "anchor's criterion"],
)
def test_what_does_not_add_up_is_named(changed: Rubric, words: str) -> None:
    assert words in "\n".join(problems(changed))


def test_an_author_is_warned_of_weights_whose_quarters_are_rounded() -> None:
    assert "'cause'" in warnings(replace(RUBRIC, criteria=(make_criterion("cause", 125),)))[0]


@pytest.mark.parametrize(("points", "text"), [(550, "5.5"), (425, "4.25"), (300, "3"), (0, "0"), (1000, "10")])
def test_points_are_written_as_people_do(points: int, text: str) -> None:
    assert shown(points) == text
