"""What a student reads: never a hidden test, never a line of HTML of their own making."""

import base64
import io
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from classroom.feedback.build import Facts, Mark, build_document, visible_part
from classroom.feedback.clean import clean_markdown, clean_picture, clean_text, cut_text
from classroom.feedback.document import MAX_CELL_BYTES, MAX_DOCUMENT_BYTES, render
from classroom.ids import GradeId
from classroom.rubric.models import Criterion, Gate, Hundredths, Level, Marking, Rubric
from judge.plan import CellVerdict, State

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](http://evil.example/track.png)",
    "<svg/onload=alert(1)>",
    "<style>body{display:none}</style>",
    '<iframe src="//evil.example"></iframe>',
    "</pre></div><script>alert(1)</script>",
    "<!-- --><meta http-equiv=refresh content=0;url=//evil.example>",
]
TEST = {"grade": True, "solution": False, "grade_id": "test_it", "points": 2}
WRITTEN = {"grade": True, "solution": True, "grade_id": "explain", "points": 4}


class Tags(HTMLParser):
    """Tags and attributes as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def code(source: str, *outputs: dict[str, Any], **nbgrader: Any) -> dict[str, Any]:
    metadata = {"nbgrader": nbgrader} if nbgrader else {}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": list(outputs)}


def shows(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {key.replace("_", "/"): value for key, value in data.items()}}


def prints(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def page(*cells: dict[str, Any], **facts: Any) -> str:
    told = {"title": "First steps", "student": "ada", "notebook": "ps1", "total": 1.0, "max_total": 2.0} | facts
    return render(build_document({"cells": list(cells)}, Facts(**told))).decode()


def png(**options: Any) -> str:
    out = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(out, "PNG", **options)
    return base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_of_a_students_html_becomes_html(hostile: str) -> None:
    html = page(
        {"cell_type": "markdown", "metadata": {}, "source": hostile},
        code(hostile, prints(hostile), shows(text_html=hostile, text_plain=hostile)),
        code("draw()", {"output_type": "error", "ename": hostile, "evalue": hostile, "traceback": [hostile]}),
        student=hostile,
    )

    found = Tags(html)
    assert set(found.tags).isdisjoint({"script", "img", "svg", "iframe", "object", "embed", "form", "link", "base"})
    assert found.tags.count("style") == found.tags.count("title") == 1
    assert found.tags.count("meta") == 4
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    links = [value or "" for name, value in found.attributes if name in {"href", "src"}]
    assert [link for link in links if not link.startswith(("#", "http:", "https:", "mailto:"))] == []


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/javascript", "text/latex"])
def test_rich_outputs_that_could_run_are_not_shown_at_all(kind: str) -> None:
    output = {"output_type": "display_data", "data": {kind: "<b>RICH-CANARY</b>"}, "metadata": {}}

    assert "RICH-CANARY" not in page(code("show()", output))


def test_the_policy_allows_the_one_style_by_hash_and_nothing_else() -> None:
    html = page(code("1"))

    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert " style=" not in html


def test_of_a_test_cell_only_what_was_released_is_shown() -> None:
    source = "# 2 points: visible words\n### BEGIN HIDDEN TESTS\nassert f(7) == 49  # CANARY\n### END HIDDEN TESTS"
    verdict = CellVerdict("test_it", 0.0, 2.0, State.wrong, "Try 0.", "AssertionError: CANARY")
    failed = {"output_type": "error", "ename": "E", "evalue": "CANARY", "traceback": ["CANARY"]}

    html = page(code(source, failed, **TEST), marks={"test_it": Mark(0.0, 2.0, verdict=verdict)})

    assert "CANARY" not in html
    assert "2 points: visible words" in html
    assert "<strong>Hint:</strong> Try 0." in html


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a\n### BEGIN HIDDEN TESTS\nx\n### END HIDDEN TESTS\nb", "a\nb"),
        ("a\n### BEGIN HIDDEN TESTS\nx\ny", "a"),
        ("### BEGIN HIDDEN TESTS\nx\n### END HIDDEN TESTS", ""),
        ("plain", "plain"),
    ],
)
def test_hidden_regions_are_cut_as_nbgrader_cuts_them(source: str, wanted: str) -> None:
    assert visible_part(source) == wanted


@pytest.mark.parametrize("state", [state for state in State if state is not State.ok])
def test_each_state_has_its_word_and_what_it_means(state: State) -> None:
    verdict = CellVerdict("test_it", 0.0, 2.0, state, None, "reason: CANARY")

    html = page(code("#", **TEST), marks={"test_it": Mark(0.0, 2.0, verdict=verdict)})

    word = {"out_of_memory": "out of memory", "grader_fault": "our fault"}.get(state, state)
    assert f'<span class="state">{word}</span>' in html
    assert "CANARY" not in html


def rubric() -> Rubric:
    levels = tuple(Level(value, f"descriptor of level {value}") for value in (4, 3, 2, 1))
    criteria = (Criterion("cause", "Finds the cause", Hundredths(400), levels, "NOTES-CANARY", "hint"),)
    gates = (Gate("no_numbers", "there is no number", Hundredths(100)),)
    return Rubric(GradeId("explain"), "Explain", Hundredths(400), criteria, gates, (), "d" * 64)


def test_a_marking_shows_its_level_the_next_one_and_the_comment() -> None:
    marking = Marking({"cause": 2}, (), {"cause": "Say <b>when</b>."})
    mark = Mark(2.0, 4.0, rubric=rubric(), marking=marking)

    html = page({"cell_type": "markdown", "metadata": {"nbgrader": WRITTEN}, "source": "ok"}, marks={"explain": mark})

    assert "Finds the cause: Developing, 2 of 4" in html
    assert "descriptor of level 2" in html
    assert "<strong>For Proficient:</strong> descriptor of level 3" in html
    assert "Say &lt;b&gt;when&lt;/b&gt;." in html
    assert "NOTES-CANARY" not in html


def test_a_gate_that_caps_the_score_is_told() -> None:
    mark = Mark(1.0, 4.0, rubric=rubric(), marking=Marking({"cause": 4}, ("no_numbers",)))

    html = page({"cell_type": "markdown", "metadata": {"nbgrader": WRITTEN}, "source": "ok"}, marks={"explain": mark})

    assert "At most 1 points: there is no number" in html


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (Mark(0.0, 4.0, needs_person=True), "A person marks this, and has not yet."),
        (Mark(0.0, 4.0, is_unanswered=True), "There is no answer."),
        (Mark(3.0, 4.0, comment="Well argued."), "Well argued."),
    ],
    ids=["waiting", "unanswered", "commented"],
)
def test_a_written_task_says_how_far_it_is(mark: Mark, words: str) -> None:
    cell = {"cell_type": "markdown", "metadata": {"nbgrader": WRITTEN}, "source": "ok"}

    assert words in page(cell, marks={"explain": mark})


def test_late_rule_and_total_are_told() -> None:
    html = page(code("1"), total=4.8, max_total=10.0, late="Handed in late: 20 % of the points are taken.")

    assert "<strong>4.8</strong> of 10 points" in html
    assert "Handed in late: 20 % of the points are taken." in html


def test_a_picture_is_made_anew_without_what_it_carried() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "PICTURE-CANARY" * 10)

    made = clean_picture(png(pnginfo=info))

    assert made is not None
    assert b"PICTURE-CANARY" not in made
    with Image.open(io.BytesIO(made)) as picture:
        assert (picture.format, picture.size, picture.info) == ("PNG", (4, 3), {})


@pytest.mark.parametrize(
    "data",
    [
        "not base64!",
        base64.b64encode(b"<svg onload=alert(1)>").decode(),
        base64.b64encode(b"GIF89a" + bytes(20)).decode(),
        base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(50)).decode(),
        base64.b64encode(
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x02\x00\x00\x00"
        ).decode(),
        {"not": "text"},
        None,
    ],
    ids=["text", "svg", "gif", "broken", "bomb", "dict", "none"],
)
def test_what_is_no_picture_is_not_shown(data: Any) -> None:
    assert clean_picture(data) is None


def test_a_cell_shows_64_kb_and_a_document_2_mb_whatever_is_printed() -> None:
    flood = "&" * (MAX_CELL_BYTES * 3)

    one = page(code("flood()", prints(flood)))
    many = page(
        *[code("flood()", prints(flood)) for _ in range(100)], code("#", **TEST), marks={"test_it": Mark(1.0, 2.0)}
    )

    assert one.count("&amp;") <= MAX_CELL_BYTES
    assert "[cut here]" in one
    assert len(many.encode()) <= MAX_DOCUMENT_BYTES
    assert 'id="test_it"' in many
    assert "Left out here" in many


def test_text_loses_colours_and_control_characters() -> None:
    assert clean_text("\x1b[31mred\x1b[0m \x00\x08end\r\n") == "red \ufffd\ufffdend\n"
    assert cut_text("é" * 10, 5) == "éé\n[cut here]"


def test_markdown_keeps_what_a_report_needs() -> None:
    html = clean_markdown("# A\n\n| a | b |\n|---|---|\n| 1 | **2** |\n\n- `x`\n\n[link](https://example.org)")

    for tag in ("<h1>", "<table>", "<strong>", "<li>", "<code>"):
        assert tag in html
    assert 'href="https://example.org"' in html
