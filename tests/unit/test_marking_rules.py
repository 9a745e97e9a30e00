"""The rules of marking: shares, draws, pace, comments used again, and what follows from several opinions."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.ids import GradeId
from classroom.marking.pace import pace_s
from classroom.marking.share import Shared, deal, drawn
from classroom.marking.snippets import count_snippets
from classroom.rubric.models import Criterion, Gate, Hundredths, Marking, Rubric, level_name
from classroom.rubric.rounds import disputed, disputed_gates, final, is_near_line, needs_third
from classroom.rubric.scoring import score

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
RUBRIC = Rubric(
    task=GradeId("report"),
    title="Report",
    points=Hundredths(1000),
    criteria=tuple(Criterion(name, name, Hundredths(500), (), "", "") for name in ("cause", "words")),
    gates=(Gate("leak", "The split leaks.", Hundredths(300)),),
    anchors=(),
    digest="a" * 64,
)


def pieces(wanted: list[int]) -> list[Shared]:
    return [Shared(f"s{number}", count) for number, count in enumerate(wanted)]


def loads(dealt: dict[str, frozenset[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for takers in dealt.values():
        for grader in takers:
            counts[grader] = counts.get(grader, 0) + 1
    return counts


# Shares.


@given(
    st.lists(st.sampled_from([1, 2]), max_size=80),
    st.sets(st.text("abcdef", min_size=1, max_size=3), min_size=2, max_size=7),
)
def test_loads_differ_by_one_at_most_and_nobody_marks_a_piece_twice(wanted: list[int], graders: set[str]) -> None:
    dealt = deal(pieces(wanted), [*graders])

    counts = [loads(dict(dealt)).get(grader, 0) for grader in graders]
    assert max(counts) - min(counts) <= 1
    assert [len(dealt[f"s{number}"]) for number in range(len(wanted))] == wanted


@given(st.lists(st.sampled_from([1, 2]), max_size=40), st.permutations(["gil", "gus", "ivy"]))
def test_shares_do_not_depend_on_the_order_of_graders(wanted: list[int], graders: list[str]) -> None:
    assert deal(pieces(wanted), graders) == deal(pieces(wanted), sorted(graders))


@given(st.lists(st.sampled_from(["", "gil", "gus"]), max_size=40))
def test_what_somebody_began_stays_with_that_person(began: list[str]) -> None:
    shared = [Shared(f"s{number}", 1, frozenset(filter(None, [who]))) for number, who in enumerate(began)]

    dealt = deal(shared, ["gil", "gus"])

    assert all(dealt[f"s{number}"] == {who} for number, who in enumerate(began) if who)
    assert all(len(takers) == 1 for takers in dealt.values())


def test_who_did_more_gets_less_of_the_rest() -> None:
    done = [Shared(f"d{number}", 1, frozenset({"gil"})) for number in range(4)]

    dealt = deal([*done, *pieces([1] * 6)], ["gil", "gus"])

    assert loads(dict(dealt)) == {"gil": 5, "gus": 5}


def test_a_lone_grader_gets_everything_once() -> None:
    assert deal(pieces([2, 1]), ["gil"]) == {"s0": {"gil"}, "s1": {"gil"}}


# Who is marked twice.


@given(st.integers(0, 300), st.sampled_from([0.0, 0.1, 0.2, 0.33, 1.0]), st.integers(0, 2**32))
def test_the_share_is_drawn_exactly_and_later_arrivals_change_nothing(n: int, share: float, seed: int) -> None:
    keys = tuple(f"s{number}" for number in range(n))

    chosen = drawn(keys, share, seed)

    assert abs(len(chosen) - n * share) < 1 + 1e-9
    assert drawn(keys[: n // 2], share, seed) == chosen & set(keys[: n // 2])


def test_another_seed_draws_others() -> None:
    keys = tuple(f"s{number}" for number in range(50))

    assert len({drawn(keys, 0.2, seed) for seed in range(0, 10_000, 500)}) > 1


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        drawn(("s1",), 1.5, 0)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [({"cause": 2, "words": 2}, True), ({"cause": 2, "words": 3}, False), ({"cause": 4, "words": 0}, True)],
)
def test_a_score_near_the_pass_line_is_marked_twice(levels: dict[str, int], expected: bool) -> None:
    """10 points, the line at half: 5.0 is on it, 6.25 is not."""
    assert is_near_line(RUBRIC, Marking(levels), 0.5) is expected


@pytest.mark.parametrize(("pass_share", "expected"), [(0.53, True), (0.5301, False), (0.47, True), (0.4699, False)])
def test_near_is_three_percentage_points_to_either_side(pass_share: float, expected: bool) -> None:
    assert is_near_line(RUBRIC, Marking({"cause": 2, "words": 2}), pass_share) is expected


# Several opinions.


def test_one_opinion_counts_as_it_is() -> None:
    only = Marking({"cause": 3}, ("leak",), {"cause": "Why?"})

    assert final({1: only}) == only


def test_two_that_are_close_give_their_mean_and_both_comments() -> None:
    first = Marking({"cause": 2, "words": 4}, (), {"cause": "Why?"})
    second = Marking({"cause": 3, "words": 4}, (), {"cause": "Since when?", "words": "Good."})

    made = final({1: first, 2: second})

    assert made.levels == {"cause": 2.5, "words": 4}
    assert made.comments == {"cause": "Why?\nSince when?", "words": "Good."}
    assert score(RUBRIC, made.levels).total == 813  # 500 * 2.5 / 4 = 312.5, rounded up, and 500
    assert level_name(2.5) == "Developing to proficient"


def test_two_levels_apart_is_decided_by_a_third_and_only_there() -> None:
    first, second = Marking({"cause": 1, "words": 2}), Marking({"cause": 3, "words": 3})
    third = Marking({"cause": 3, "words": 0}, (), {"cause": "The column is named."})

    assert disputed({1: first, 2: second}) == ("cause",)
    assert needs_third({1: first, 2: second})
    assert not needs_third({1: first, 2: second, 3: third})
    made = final({1: first, 2: second, 3: third})
    assert made.levels == {"cause": 3, "words": 2.5}
    assert made.comments == {"cause": "The column is named."}


def test_a_gate_that_only_one_chose_is_decided_by_a_third() -> None:
    first, second = Marking({"cause": 4, "words": 4}, ("leak",)), Marking({"cause": 4, "words": 4})

    assert disputed_gates({1: first, 2: second}) == ("leak",)
    assert needs_third({1: first, 2: second})
    assert final({1: first, 2: second}).gates == ()
    assert final({1: first, 2: second, 3: Marking({}, ("leak",))}).gates == ("leak",)


# Pace and comments.


def test_pace_is_the_median_without_breaks() -> None:
    minutes = [0, 2, 5, 7, 90, 94]  # gaps of 2, 3, 2, a break, 4

    assert pace_s([NOON + dt.timedelta(minutes=one) for one in minutes]) == 150


def test_there_is_no_pace_from_three_pieces() -> None:
    assert pace_s([NOON + dt.timedelta(minutes=one) for one in (0, 2, 4)]) is None


def test_comments_are_offered_by_use_and_a_piece_counts_once() -> None:
    written = [
        ("ada", {"cause": "Why?", "words": "Short."}),
        ("ada", {"cause": "Why?"}),
        ("bob", {"cause": "Since when?"}),
        ("cem", {"cause": "Since when?", "words": "Short."}),
    ]

    offered = count_snippets(written)

    assert [(one.text, one.uses) for one in offered["cause"]] == [("Since when?", 2)]
    assert [(one.text, one.uses) for one in offered["words"]] == [("Short.", 2)]
