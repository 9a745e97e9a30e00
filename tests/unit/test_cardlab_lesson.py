"""What lessons import: guesses before a reveal, plots told apart by everybody, questions that work offline."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from cardlab import lesson, quiz
from cardlab.lesson import PALETTE, predict, style
from cardlab.quiz import as_text, show

CHOICE = {
    "id": "which_one",
    "type": "multiple_choice",
    "question": "Is <code>a</code> &lt; b?",
    "code": "if a &lt; b:\n    pass",
    "answers": [
        {"answer": "No, &#36;5", "correct": True, "feedback": "It is not."},
        {"answer": "It may", "correct": False, "feedback": "It can&#x27;t."},
        {"answer": "Always", "correct": False, "feedback": "Never."},
    ],
}
NUMERIC = {
    "id": "how_many",
    "type": "numeric",
    "question": "How many?",
    "answers": [
        {"range": [4.5, 5.5], "correct": True, "feedback": "Five."},
        {"range": [9.5, 10.5], "correct": False, "feedback": "Twice too many."},
        {"type": "default", "feedback": "Not yet."},
    ],
}


@pytest.fixture(autouse=True)
def no_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson, "_guesses", {})


@pytest.fixture
def banks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one bank of two questions."""
    (tmp_path / "quizzes").mkdir()
    (tmp_path / "quizzes/01.json").write_text(json.dumps([CHOICE, NUMERIC]), encoding="utf-8")
    monkeypatch.setenv("CARDLAB_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("guess", [40, 0.5, "cents", False, 0])
def test_a_guess_is_kept_and_shown_again(guess: float | str | bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict("p1", guess) == guess

    assert predict("p1") == guess
    assert capsys.readouterr().out == f"p1: your guess is {guess}\n"


def test_none_asks_for_a_guess_and_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    predict("p1", 1)
    predict("p2", 2)

    assert predict("p1", None) is None

    assert (predict("p1"), predict("p2")) == (None, 2)
    assert "p1: no guess yet" in capsys.readouterr().out


def test_a_second_guess_replaces_the_first_and_leaves_other_keys_alone() -> None:
    predict("p1", 1)
    predict("p2", 2)

    predict("p1", 3)

    assert (predict("p1"), predict("p2")) == (3, 2)


def test_a_guess_that_is_no_guess_says_what_is_wanted() -> None:
    with pytest.raises(TypeError, match=r"predict\('p1', ...\) takes a number, a word or True/False, not list"):
        predict("p1", [1, 2])  # type: ignore[arg-type]  # the mistake under test


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1. Source: WCAG 2.2."""
    red, green, blue = mpl.colors.to_rgb(colour)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.fixture
def styled() -> Iterator[None]:
    with mpl.rc_context():
        style()
        yield


@pytest.mark.usefixtures("styled")
def test_style_sets_the_palette_and_keeps_labels_on_the_page() -> None:
    assert tuple(mpl.rcParams["axes.prop_cycle"].by_key()["color"]) == PALETTE
    assert mpl.rcParams["figure.constrained_layout.use"]


def test_the_first_four_colours_stand_out_from_white() -> None:
    # 1.05 / (luminance + .05) is WCAG's contrast with white; 3 is wanted for graphics, and plots add markers.
    assert [round(1.05 / (luminance(colour) + 0.05), 1) >= 2.8 for colour in PALETTE[:4]] == [True] * 4


@pytest.mark.usefixtures("banks")
def test_outside_a_notebook_the_named_questions_are_printed_in_the_order_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show("01", "how_many", "which_one")

    out = capsys.readouterr().out
    assert out.index("1. How many?") < out.index("2. Is `a` < b?") < out.index("Answers")


@pytest.mark.usefixtures("banks")
def test_without_ids_the_whole_bank_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show("01")

    assert "2. How many?" in capsys.readouterr().out


def test_plain_text_gives_options_by_the_alphabet_and_the_key_at_the_end() -> None:
    assert as_text([CHOICE, NUMERIC]) == (
        "1. Is `a` < b?\n"
        "      if a < b:\n"
        "          pass\n"
        "   a) Always\n"
        "   b) It may\n"
        "   c) No, $5\n"
        "\n"
        "2. How many?\n"
        "\n"
        "Answers\n"
        "1. c: It is not.\n"
        "2. 5: Five."
    )


@pytest.mark.usefixtures("banks")
def test_an_unknown_question_is_named_with_those_that_exist() -> None:
    with pytest.raises(LookupError, match="module 01 has no question late; it has which_one, how_many"):
        show("01", "which_one", "late")


@pytest.mark.usefixtures("banks")
def test_a_missing_bank_says_what_to_run() -> None:
    with pytest.raises(FileNotFoundError, match=r"questions of module 07 are missing: .*07\.json; run "):
        show("07")


class Published:
    """Stands in for a notebook's display: keeps what was shown."""

    def __init__(self) -> None:
        self.bundles: list[dict[str, str]] = []

    def __call__(self, bundle: dict[str, str], *, raw: bool) -> None:
        self.bundles.append(bundle)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Published:
    published = Published()
    monkeypatch.setattr(quiz, "_in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", published)
    return published


@pytest.mark.usefixtures("banks")
def test_a_notebook_gets_one_output_with_text_beside_the_page(
    notebook: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiz, "_as_html", lambda items: f"<p>{len(items)} questions</p>")

    show("01")

    assert notebook.bundles == [{"text/html": "<p>2 questions</p>", "text/plain": as_text([CHOICE, NUMERIC])}]


@pytest.mark.usefixtures("banks")
def test_a_notebook_without_jupyterquiz_gets_the_text(
    notebook: Published, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jupyterquiz", None)

    show("01", "how_many")

    assert notebook.bundles == []
    assert "1. How many?" in capsys.readouterr().out


IN_A_SHELL = """
import json, sys, warnings
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
from cardlab.quiz import _as_html
print(_as_html(json.load(sys.stdin)))
"""


def page(items: list[dict[str, Any]]) -> str:
    """What a kernel would display; in a process of its own, since a shell changes the one it lives in."""
    run = subprocess.run([sys.executable, "-c", IN_A_SHELL], input=json.dumps(items), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_page_holds_questions_and_script_and_never_looks_for_maths() -> None:
    html = page([CHOICE, NUMERIC])

    assert "Is <code>a<\\/code> &lt; b?" in html
    assert "typeof MathJax" not in html
    assert html.count("<script>") == html.count("</script>") == 1
    assert html.count("<div") == html.count("</div>")
