"""What a student finds on the server: a start page, the lessons, the data. Run by the server before it starts.

    python -m classroom.home PAGES

PAGES: the folder whose files are laid into the home folder, anew each time. Lessons come from the classroom, as far as
they are released, each below `lessons/`; a lesson that the student changed stays, and its new version arrives beside
it. Assignments are fetched by the student, in JupyterLab's list.
"""

import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from string import Template

from classroom.archive import ByteStream, pack_folder, unpack
from classroom.config import load_connection, load_home
from classroom.errors import ClassroomError
from classroom.exchange.client import ExchangeClient
from classroom.exchange.protocol import AssignmentInfo
from classroom.exchange.workfolder import DOWNLOAD_LIMITS, FETCHED_FILE, fetch_into, is_notebook

log = logging.getLogger(__name__)
LESSONS = "lessons"


def lay_pages(pages: Path, home: Path, **values: str) -> None:
    """The pages, with $name replaced by its value. They are ours: what was changed in them is not kept."""
    for page in sorted(pages.iterdir()):
        beside = home / f".{page.name}.new"
        beside.write_text(Template(page.read_text(encoding="utf-8")).safe_substitute(values), encoding="utf-8")
        beside.replace(home / page.name)


def link_data(data: Path, home: Path) -> None:
    """`data` in the home folder, unless the student has something of that name."""
    link = home / "data"
    if link.is_symlink():
        link.unlink()
    if not link.exists():
        link.symlink_to(data)


def deliver_lessons(client: ExchangeClient, home: Path) -> Iterator[str]:
    """The released lessons that are new here.

    A lesson is the notebook that is named as its assignment, where there are exercises beside it.
    """
    for course in client.courses().courses:
        for assignment in client.assignments(course.id).assignments:
            folder = home / LESSONS / assignment.id
            if assignment.version and assignment.version != _version_in(folder) and _has_lesson(assignment):
                _deliver(client, course.id, assignment.id, folder)
                yield assignment.id


def _deliver(client: ExchangeClient, course: str, assignment: str, folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        with client.open_release(course, assignment) as (version, stream):
            unpack(stream, Path(scratch) / "release", DOWNLOAD_LIMITS)
        lesson = pack_folder(Path(scratch) / "release", keep=lambda path: str(path) == f"{assignment}.ipynb")
        fetch_into(folder, version, ByteStream(lesson))


def _has_lesson(assignment: AssignmentInfo) -> bool:
    notebooks = {name for name in assignment.expected.names if is_notebook(name)}
    return f"{assignment.id}.ipynb" in notebooks and len(notebooks) > 1


def _version_in(folder: Path) -> int | None:
    try:
        return int(json.loads((folder / FETCHED_FILE).read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def main() -> None:
    """Never keeps a server from starting: what can't be had now is had at the next start."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    place = load_home()
    try:
        lay_pages(Path(sys.argv[1]), place.folder, classroom=place.pages_url, person=place.person)
        if place.data:
            link_data(place.data, place.folder)
        with ExchangeClient(*load_connection()) as client:
            for lesson in deliver_lessons(client, place.folder):
                log.info("new: %s", lesson)
    except (ClassroomError, OSError) as error:
        log.warning("%s", error)


if __name__ == "__main__":
    os.umask(0o077)
    main()
