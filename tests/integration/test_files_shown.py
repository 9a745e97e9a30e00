"""Files that were handed in, over HTTP: how a grader sees them, takes them away, and what is refused."""

import io
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.pages_class import FULL, GRADED, TASK, Hand, PagesClass, pages_class, url
from tests.pages_class import _at as at

SCRIPT = '<script>alert("FILE")</script>'
SECRET = "SECRET-CANARY-4410"  # in a file that no student handed in
LONG = "n" * 240 + ".md"
NASTY = f'"><img src=x onerror=alert(1)>\r\nSet-Cookie: a=b; filename="x.html"\u202e;{"ä" * 20}.txt'
LEVELS = {f"level-{name}": "4" for name in ("defect", "evidence", "impact", "contract", "reader")}
FILES = {
    "a.csv": f"name,price\n{SCRIPT},2\n".encode(),
    "b.html": f"<!doctype html><body onload=alert(1)>{SCRIPT}".encode(),
    "c.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{SCRIPT}</svg>'.encode(),
    "d.pdf": b"%PDF-1.7\n<</OpenAction <</S /JavaScript /JS (app.alert\\(1\\))>>>>\n%%EOF",
    "e.png": b"\x89PNG\r\n\x1a\n" + SCRIPT.encode(),
    LONG: f"# Notes {SCRIPT}\n\n[a](javascript:alert(1))".encode(),
    NASTY: SCRIPT.encode(),
}


def picture(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("L", size).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesClass]:
    folder = tmp_path_factory.mktemp("files") / "class"
    with pages_class(folder, hands=[Hand("ada", at(9), FULL), Hand("bob", at(10), FULL)]) as opened:
        place = opened.settings.course_dir("submitted") / "ada" / GRADED
        for name, data in FILES.items():
            (place / name).write_bytes(data)
        (place / "f.png").write_bytes(picture((4, 3)) + SCRIPT.encode())
        (place / "g.png").write_bytes(picture((5000, 5000)))
        Path(os.fsdecode(os.fsencode(place) + b"/h\xff.txt")).write_bytes(b"no UTF-8 in its name")
        _place_traps(place, folder / "secret.txt")
        yield opened


def _place_traps(place: Path, secret: Path) -> None:
    """What is no regular file; reading the pipe would never end."""
    secret.write_text(SECRET)
    (place / "link.txt").symlink_to(secret)
    (place / "folder").symlink_to(secret.parent)
    os.mkfifo(place / "pipe.txt")


def get(room: PagesClass, path: str, who: str = "gil") -> httpx.Response:
    with room.browser(who) as browser:
        return browser.get(path)


@pytest.fixture(scope="module")
def piece(room: PagesClass) -> str:
    """The address of the piece with the files."""
    with room.browser("gil") as browser:
        queue = browser.get(url("grading")).text
        first = re.search(rf'"([^"]*/grading/{TASK}/\w{{16}})"', queue)
        assert first
        pieces = [first[1]]
        browser.post(pieces[0], data={"csrf_token": room.csrf("gil"), "round": "1", "seen": "0", **LEVELS})
        pieces.append(browser.get(url(f"grading/{TASK}")).headers["location"])
        found = [one for one in pieces if "/files/0" in browser.get(one).text]
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def numbers(room: PagesClass, piece: str) -> dict[str, int]:
    """The number of each file by the name on the page."""
    found = re.findall(r'/files/(\d+)"><bdi>(.*?)</bdi>', get(room, piece).text, re.DOTALL)
    return {name: int(number) for number, name in found}


def test_every_regular_file_is_listed_and_nothing_else(numbers: dict[str, int]) -> None:
    names = set(numbers)

    assert {"a.csv", "b.html", "c.svg", "d.pdf", "e.png", "f.png", "g.png", LONG, "h?.txt"} <= names
    assert len(names) == len(FILES) + 3
    assert not any(trap in name for name in names for trap in ("link", "folder", "pipe", "secret"))


def test_nothing_of_a_file_is_live_on_the_page(room: PagesClass, piece: str) -> None:
    page = get(room, piece).text

    assert SECRET not in page
    assert "<script>" not in page
    assert re.findall(r"<[^>]*\son\w+=", page) == []
    assert re.findall(r'(?:href|src)="(?!/|#)[^"]*"', page) == []
    assert page.count("&lt;script&gt;alert(") >= 5  # the source of table, page, drawing, Markdown, text


def test_every_answer_forbids_to_guess_its_type_and_to_run(
    room: PagesClass, piece: str, numbers: dict[str, int]
) -> None:
    for number in numbers.values():
        taken = get(room, f"{piece}/files/{number}")
        assert taken.status_code == 200
        assert taken.headers["content-type"] == "application/octet-stream"
        assert taken.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert taken.headers["x-content-type-options"] == "nosniff"
        assert re.fullmatch(r'attachment; filename="file-\d+(\.\w{1,8})?"', taken.headers["content-disposition"])
        assert "set-cookie" not in taken.headers


def test_a_file_is_taken_away_as_it_was_handed_in(room: PagesClass, piece: str, numbers: dict[str, int]) -> None:
    for name in ("a.csv", "d.pdf", LONG):
        assert get(room, f"{piece}/files/{numbers[name]}").content == FILES[name]


def test_a_picture_is_shown_from_its_pixels_alone(room: PagesClass, piece: str, numbers: dict[str, int]) -> None:
    shown = get(room, f"{piece}/files/{numbers['f.png']}/picture")

    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert b"script" not in shown.content
    with Image.open(io.BytesIO(shown.content)) as opened:
        assert opened.size == (4, 3)


@pytest.mark.parametrize("name", ["e.png", "g.png", "c.svg", "d.pdf", "b.html"])
def test_what_is_no_picture_or_too_large_is_not_shown_as_one(
    name: str, room: PagesClass, piece: str, numbers: dict[str, int]
) -> None:
    shown = get(room, f"{piece}/files/{numbers[name]}/picture")

    assert shown.status_code == 404
    assert "alert" not in shown.text


@pytest.mark.parametrize(
    "number", ["99", "-1", "..%2f..%2fsecret.txt", "0/../../secret.txt", "0%00", "1" * 60, "link.txt"]
)
def test_a_file_is_found_by_its_number_alone(number: str, room: PagesClass, piece: str) -> None:
    answer = get(room, f"{piece}/files/{number}")

    assert 400 <= answer.status_code < 500
    assert SECRET not in answer.text


def test_files_are_for_graders_and_by_their_own_addresses(room: PagesClass, piece: str) -> None:
    assert get(room, f"{piece}/files/0", who="ada").status_code == 403
    assert get(room, f"{piece}/files/0", who="gus").status_code == 404
    assert get(room, f"{piece}/files/0/picture", who="ada").status_code == 403


def _notebook(source: object) -> str:
    return json.dumps({"cells": [{"metadata": {"nbgrader": {"grade_id": TASK}}, "source": source}]})


@pytest.mark.parametrize(
    "trap",
    [
        lambda path, secret: path.symlink_to(secret),
        lambda path, secret: os.mkfifo(path),
        lambda path, secret: path.write_text('{"cells": ' + "[" * 200_000),
        lambda path, secret: path.write_text(_notebook([1])),
        lambda path, secret: path.write_text(_notebook("\ud800 alone")),
    ],
    ids=["link", "pipe", "deep", "no text", "no UTF-8"],
)
def test_a_notebook_that_is_a_trap_has_a_page_all_the_same(
    trap: Callable[[Path, Path], object], room: PagesClass, piece: str
) -> None:
    path = room.settings.course_dir("submitted") / "ada" / GRADED / "exercises.ipynb"
    secret = path.parent.parent / "secret.ipynb"
    kept = path.read_bytes()
    secret.write_text(_notebook(SECRET))
    path.unlink()
    try:
        trap(path, secret)
        answer = get(room, piece)
    finally:
        path.unlink()
        path.write_bytes(kept)
        secret.unlink()

    assert answer.status_code == 200
    assert SECRET not in answer.text
