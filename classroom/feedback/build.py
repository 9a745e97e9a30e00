"""From an autograded notebook and what is known of its marks to the document. Pure.

Of a test cell only what the release shows is taken; the judge's reasons are for the instructor and stay out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from classroom.feedback.clean import clean_markdown, clean_picture, clean_text, cut_text
from classroom.feedback.document import MAX_CELL_BYTES, Block, CriterionMark, Document, Part, TaskResult
from classroom.rubric.models import LEVEL_NAMES, Marking, Rubric, level_name
from classroom.rubric.scoring import score as score_of
from classroom.rubric.scoring import shown
from judge.plan import CellVerdict, State

BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
MAX_PICTURES = 8  # a cell

MEANING: Mapping[State, str] = {
    State.ok: "All points.",
    State.wrong: "The test ran, and not everything it asks for holds.",
    State.error: "The test could not finish: your code raised an error, or something it needs is missing.",
    State.timeout: "Your code took longer than the time allowed.",
    State.out_of_memory: "Your code needed more memory than is allowed.",
    State.crashed: "Python itself ended while your notebook ran, so this test could not run.",
    State.grader_fault: "Our fault: this will be graded again and costs you nothing.",
}
WORDS: Mapping[State, str] = {State.out_of_memory: "out of memory", State.grader_fault: "our fault"}


@dataclass(frozen=True)
class Mark:
    """What is known of one graded cell. correction: why a person set the points of a test, for the student. rubric and
    marking: of a written task that a person marked."""

    score: float
    max_score: float
    needs_person: bool = False
    is_unanswered: bool = False
    comment: str = ""
    verdict: CellVerdict | None = None
    correction: str = ""
    rubric: Rubric | None = None
    marking: Marking | None = None


@dataclass(frozen=True)
class Facts:
    """What the document tells besides the notebook. fault: why the submission could not be run, for the student."""

    title: str
    student: str
    notebook: str
    total: float
    max_total: float
    marks: Mapping[str, Mark] = field(default_factory=dict)
    late: str = ""
    fault: str = ""
    handed_in: str = ""


def build_document(notebook: Mapping[str, Any], facts: Facts) -> Document:
    """The document of an autograded notebook."""
    blocks = tuple(_block(cell, facts.marks) for cell in notebook["cells"])
    tasks = tuple(block.task for block in blocks if block.task is not None)
    return Document(
        title=facts.title,
        student=facts.student,
        notebook=facts.notebook,
        total=facts.total,
        max_total=facts.max_total,
        blocks=blocks,
        late=facts.late,
        fault=facts.fault,
        handed_in=facts.handed_in,
        tasks=tasks,
    )


def visible_part(source: str) -> str:
    """A test cell as the release shows it: what stands between the marks is gone, and all after a mark left open."""
    kept: list[str] = []
    hidden = False
    for line in source.split("\n"):
        if BEGIN_HIDDEN in line:
            hidden = True
        elif END_HIDDEN in line:
            hidden = False
        elif not hidden:
            kept.append(line)
    return "\n".join(kept).strip("\n")


def _block(cell: Mapping[str, Any], marks: Mapping[str, Mark]) -> Block:
    nbgrader = cell["metadata"].get("nbgrader", {})
    source = clean_text(visible_part(str(cell["source"])))
    grade_id = nbgrader.get("grade_id", "")
    is_graded = bool(nbgrader.get("grade") or nbgrader.get("task"))
    mark = marks.get(grade_id) if is_graded else None
    parts = [_source_part(cell["cell_type"], source)] if source.strip() else []
    is_test = bool(nbgrader.get("grade")) and not nbgrader.get("solution") and cell["cell_type"] == "code"
    if cell["cell_type"] == "code" and not is_test:
        parts += _output_parts(cell.get("outputs", []), MAX_CELL_BYTES - parts[0].size if parts else MAX_CELL_BYTES)
    return Block(tuple(parts), _task(grade_id, mark) if mark else None)


def _source_part(kind: str, source: str) -> Part:
    cut = cut_text(source, MAX_CELL_BYTES)
    return Part(html=clean_markdown(cut)) if kind == "markdown" else Part(code=cut)


def _output_parts(outputs: Iterable[Mapping[str, Any]], room: int) -> list[Part]:
    parts: list[Part] = []
    pictures = 0
    for output in outputs:
        data = output.get("data", {})
        picture = data.get("image/png") or data.get("image/jpeg")
        if picture is not None and pictures < MAX_PICTURES and (png := clean_picture(picture)):
            pictures += 1
            parts.append(Part(png=png))
        elif (text := clean_text(_text_of(output))).strip() and room > 0:
            part = Part(text=cut_text(text.rstrip("\n"), room))
            room -= part.size
            parts.append(part)
    return parts


def _text_of(output: Mapping[str, Any]) -> str:
    """The plain text of an output; of HTML, JavaScript, SVG and widgets nothing."""
    if output.get("output_type") == "stream":
        return _joined(output.get("text", ""))
    if output.get("output_type") == "error":
        return (
            "\n".join(str(line) for line in output.get("traceback", []))
            or f"{output.get('ename')}: {output.get('evalue')}"
        )
    return _joined(output.get("data", {}).get("text/plain", ""))


def _joined(text: Any) -> str:
    return "".join(str(line) for line in text) if isinstance(text, list) else str(text)


def _task(grade_id: str, mark: Mark) -> TaskResult:
    word, meaning = _state(mark)
    verdict = mark.verdict
    hint = verdict.hint if verdict and verdict.hint and mark.score < mark.max_score else ""
    criteria, capped = _criteria(mark)
    return TaskResult(
        grade_id=grade_id,
        score=mark.score,
        max_score=mark.max_score,
        state=word,
        meaning=clean_text(meaning),
        hint=clean_text(hint),
        comment="" if criteria else clean_text(mark.comment),
        criteria=criteria,
        capped=capped,
    )


def _state(mark: Mark) -> tuple[str, str]:
    if mark.needs_person:
        return "to grade", "A person marks this, and has not yet."
    if mark.is_unanswered:
        return "missing", "There is no answer."
    if mark.rubric is not None or mark.verdict is None:
        return "graded", "Marked by a person."
    state = mark.verdict.state
    if mark.correction:
        return "corrected", mark.correction
    if mark.score != mark.verdict.points:
        return "graded", "A person changed the points of this test."
    return WORDS.get(state, str(state)), MEANING[state]


def _criteria(mark: Mark) -> tuple[tuple[CriterionMark, ...], str]:
    """Each criterion in the rubric's order, and the gate that caps the score."""
    if mark.rubric is None or mark.marking is None:
        return (), ""
    rubric, marking = mark.rubric, mark.marking
    made = score_of(rubric, marking.levels, marking.gates)
    rows = []
    for criterion in rubric.criteria:
        level = marking.levels.get(criterion.id)
        if level is None:
            continue
        above = int(level) + 1 if level < 4 else None
        rows.append(
            CriterionMark(
                title=criterion.title,
                level=level_name(level),
                descriptor=criterion.descriptor(level),
                points=shown(made.parts[criterion.id]),
                weight=shown(criterion.weight),
                comment=clean_text(marking.comments.get(criterion.id, "")),
                next_level=LEVEL_NAMES[above] if above else "",
                next_descriptor=criterion.descriptor(above) if above else "",
            )
        )
    capped = f"At most {shown(made.capped_by.cap)} points: {made.capped_by.when}" if made.capped_by else ""
    return tuple(rows), capped
