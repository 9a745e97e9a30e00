"""Practice questions inside a lesson. Offline, ungraded: the answers travel with the page."""

import json
import re
from html import unescape
from typing import Any

from cardlab.data import data_dir

_LETTERS = "abcdef"
# Purple on orange is jupyterquiz's own look and hard to read; white on these two passes WCAG AA.
_COLOURS = {"--jq-multiple-choice-bg": "#1f4e79", "--jq-many-choice-bg": "#1f4e79", "--jq-numeric-bg": "#1f4e79"} | {
    "--jq-numeric-input-bg": "#ffffff",
    "--jq-numeric-input-label": "#ffffff",
}


# Its type is as large as a headline, code breaks into a second line, and a keyboard's place can't be seen.
_SIZES = (
    "<style>.Quiz, .Feedback, .InpLabel {font-size: 15px !important; line-height: 1.4}"
    ".QuizCode, .QuizCode code {font-size: 13px !important} .MCButton {justify-content: left; text-align: left}"
    ".MCButton:focus-within {outline: 3px solid #E69F00}</style>"
)


def show(module: str, *item_ids: str) -> None:
    """Show items of a module's quiz bank, all of them when none is named; show("01", "dash_means_none").

    In a notebook they can be clicked; anywhere else, and in a terminal's console, they are text with the key below.
    Raises FileNotFoundError without the bank, LookupError for an id that it doesn't hold.
    """
    items = _pick(_load(module), module, item_ids)
    text = as_text(items)
    page = _as_html(items) if _in_notebook() else None
    if page is None:
        print(text)
        return
    from IPython.display import display

    display({"text/html": page, "text/plain": text}, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types


def _load(module: str) -> list[dict[str, Any]]:
    path = data_dir() / "quizzes" / f"{module}.json"
    if not path.is_file():
        raise FileNotFoundError(f"the questions of module {module} are missing: no {path}; run `make data`")
    items: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return items


def _pick(items: list[dict[str, Any]], module: str, item_ids: tuple[str, ...]) -> list[dict[str, Any]]:
    by_id = {item["id"]: item for item in items}
    unknown = [item_id for item_id in item_ids if item_id not in by_id]
    if unknown:
        raise LookupError(f"module {module} has no question {', '.join(unknown)}; it has {', '.join(by_id)}")
    return [by_id[item_id] for item_id in item_ids] if item_ids else items


def as_text(items: list[dict[str, Any]]) -> str:
    """The items as plain text: the questions first, options by the alphabet, the key with its reasons after them."""
    questions = [f"{number}. {_question_text(item)}" for number, item in enumerate(items, start=1)]
    keys = [f"{number}. {_key_text(item)}" for number, item in enumerate(items, start=1)]
    return "\n\n".join([*questions, "Answers\n" + "\n".join(keys)])


def _question_text(item: dict[str, Any]) -> str:
    lines = [_plain(item["question"]), *_indented(unescape(item.get("code", "")))]
    if item["type"] != "numeric":
        lines += [f"   {letter}) {_plain(answer['answer'])}" for letter, answer in _lettered(item)]
    return "\n".join(lines)


def _key_text(item: dict[str, Any]) -> str:
    if item["type"] == "numeric":
        right = next(answer for answer in item["answers"] if answer.get("correct"))
        return f"{sum(right['range']) / 2:.6g}: {_plain(right['feedback'])}"
    right_ones = [(letter, answer) for letter, answer in _lettered(item) if answer["correct"]]
    letters = ", ".join(letter for letter, _ in right_ones)
    return f"{letters}: " + " ".join(_plain(answer["feedback"]) for _, answer in right_ones)


def _lettered(item: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    # In the file the right option stands first; by the alphabet it stands anywhere, and the same in every run.
    return list(zip(_LETTERS, sorted(item["answers"], key=lambda answer: str(answer["answer"])), strict=False))


def _indented(code: str) -> list[str]:
    return [f"      {line}" for line in code.splitlines()]


def _plain(html: str) -> str:
    return unescape(re.sub(r"</?code>", "`", html))


def _in_notebook() -> bool:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")


def _as_html(items: list[dict[str, Any]]) -> str | None:
    """What jupyterquiz would display, as one piece of HTML that asks nothing of the network; None without it."""
    try:
        from IPython.utils.capture import capture_output
        from jupyterquiz import display_quiz
    except ImportError:
        return None
    with capture_output() as captured:
        display_quiz(items, max_width=720, border_radius=6, colors=_COLOURS)
    bundles = [output.data for output in captured.outputs]
    html = "".join(bundle.get("text/html", "") for bundle in bundles)
    script = "\n".join(bundle.get("application/javascript", "") for bundle in bundles)
    # It looks for MathJax and, finding half of one, fetches the rest from a CDN: let it find none.
    offline = script.replace("typeof MathJax", "typeof noMathJax").replace("</", r"<\/")
    return f"{html}</div>{_SIZES}<script>{offline}</script>"
