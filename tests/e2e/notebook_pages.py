"""What can be said against a notebook that was run in JupyterLab, and pictures of all of it."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ALTERNATIVE = "*Alternative text:"
# Rows of an output's text that a reader still takes in.
MAX_TEXT_LINES = 40
# What MLflow's registry says of a success, on the same red ground as a warning; the lesson explains it.
_MLFLOWS_REPORTS = re.compile(r"((Successfully registered|Created version|Registered model) .*\n)+")
_PICTURES = {"image/png", "image/svg+xml", "image/jpeg"}
_PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer"

# One row for each cell with something wrong with how it's shown: its number, what is wrong.
_LOOK = """panel => [...panel.querySelectorAll('.jp-Cell')].flatMap((cell, number) => {
  const found = [], all = words => [...cell.querySelectorAll(words)];
  const wide = one => one.getBoundingClientRect().right > one.closest('.jp-RenderedHTMLCommon').parentElement
    .getBoundingClientRect().right + 2;
  if (all('table').some(wide)) found.push('a table is wider than the page');
  if (all('img').some(one => !one.naturalWidth)) found.push('a picture is not shown');
  if (all('.jp-MarkdownOutput img').some(one => !one.alt.trim())) found.push('a picture has no alternative text');
  if (all('mjx-container').length) found.push('a formula, most likely between two dollar signs that mean money');
  if (all('.jp-OutputArea-output').some(one => /Loading widget|Error displaying widget/.test(one.textContent)))
    found.push('a widget is not rendered');
  const source = cell.querySelector('.cm-content');
  if (source && /^show\\("/.test(source.textContent) && !all('.Quiz').length) found.push('the quiz is not rendered');
  return found.map(what => [number, what]);
})"""

# Of what is seen at once, and of all cells; below them there is room to scroll on.
_HEIGHTS = """panel => {
  const last = [...panel.querySelectorAll('.jp-Cell')].at(-1).getBoundingClientRect().bottom;
  return [panel.clientHeight, last - panel.getBoundingClientRect().top + panel.scrollTop];
}"""


def complaints_about_run(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the saved cells say: errors, warnings, floods, and pictures that the next text doesn't describe."""
    for number, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        if cell["execution_count"] is None:
            yield f"cell {number} has not been run"
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                yield f"cell {number}: {output['ename']}: {output['evalue'][:200]}"
            text = "".join(output.get("text", ""))
            if output.get("name") == "stderr" and not _MLFLOWS_REPORTS.fullmatch(text):
                yield f"cell {number} warns: {text[:200]}"
            if len(text.splitlines()) > MAX_TEXT_LINES:
                yield f"cell {number} prints {len(text.splitlines())} lines"
            is_picture = bool(_PICTURES & set(output.get("data", ())))
            if is_picture and not _is_checked(cell) and not _is_described(cells[number + 1 :]):
                yield f"cell {number} shows a picture, and no alternative text follows"


def complaints_about_page(page: Page) -> list[str]:
    """What the open notebook shows wrongly."""
    return [f"cell {number}: {what}" for number, what in page.locator(_PANEL).evaluate(_LOOK)]


def take_pictures(page: Page, folder: Path, name: str) -> int:
    """The open notebook from top to end, as NAME_01.png and so on; how many."""
    panel = page.locator(_PANEL)
    seen, whole = panel.evaluate(_HEIGHTS)
    tops = range(0, max(math.ceil(whole) - 40, 1), math.floor(seen) - 40)
    for number, top in enumerate(tops, 1):
        panel.evaluate("(panel, top) => panel.scrollTo(0, top)", top)
        page.wait_for_timeout(200)
        panel.screenshot(path=folder / f"{name}_{number:02}.png")
    return len(tops)


def _is_checked(cell: Mapping[str, Any]) -> bool:
    """Whether the cell checks an answer; what it draws is the student's own."""
    return bool(cell["metadata"].get("nbgrader", {}).get("grade"))


def _is_described(following: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the next text, perhaps after more pictures, begins with the alternative text."""
    texts = ("".join(cell["source"]) for cell in following if cell["cell_type"] == "markdown")
    return next(texts, "").startswith(ALTERNATIVE)
