"""What of a file that was handed in is shown, whatever it is called and whatever stands in it."""

import io
import re

import pytest
from PIL import Image

from classroom.feedback.clean import remake_picture
from classroom.service.pages.handed_in import MAX_COLUMNS, MAX_FIELD, MAX_ROWS, MAX_TEXT_BYTES, File, Kind

SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(1)"><a href="javascript:alert(1)">a</a>'
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">{SCRIPT}</svg>'
PDF = b"%PDF-1.7\n1 0 obj <</OpenAction <</S /JavaScript /JS (app.alert\\(1\\))>>>> endobj\n%%EOF"
# No tag of these has an attribute, but for our own note on where a file was cut.
HARMLESS = re.compile(
    r"</?(?:pre|table|thead|tbody|tr|th|td|p|h\d|code|strong|em|ul|ol|li|blockquote|br|hr|s)>"
    r'|<p class="muted small">'
)


def view(name: str, text: str) -> str:
    shown = File(name, text.encode()).view
    assert shown is not None
    return str(shown)


def png(size: tuple[int, int] = (3, 2)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("ending", ["csv", "tsv", "md", "txt", "html", "svg", "png", "pdf", "ipynb", "js", "CSV", ""])
@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        SVG,
        f"# {SCRIPT}\n\n{SCRIPT}\n\n![x](javascript:alert(1))\n\n    {SCRIPT}\n",
        f'a,"{SCRIPT}"\n"unfinished {SCRIPT}',
        f"<!doctype html><html><body>{SCRIPT}</body></html>",
        f"GIF89a/*{SCRIPT}*/",
        "</pre></td></details>" + SCRIPT,
        "|a|\n|-|\n|<style>*{display:none}</style>|",
    ],
    ids=["script", "svg", "markdown", "quotes", "html", "polyglot", "closing", "style"],
)
def test_no_text_brings_a_tag_of_its_own(ending: str, text: str) -> None:
    shown = view(f"x.{ending}", text)

    assert "<" not in HARMLESS.sub("", shown)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("page.html", png(), Kind.picture),
        ("photo.png", b"\xff\xd8\xff\xe0 rest", Kind.picture),
        ("photo.png", SVG.encode(), Kind.text),
        ("photo.png", PDF, Kind.pdf),
        ("report.pdf", SCRIPT.encode(), Kind.text),
        ("report.pdf", b"PK\x03\x04\0\0", Kind.other),
        ("table.csv", b"a,b\n\0", Kind.other),
        ("table.csv", "a,ä\n".encode("latin-1"), Kind.other),
        ("empty", b"", Kind.text),
    ],
)
def test_the_kind_follows_from_the_bytes(name: str, data: bytes, kind: Kind) -> None:
    assert File(name, data).kind is kind


@pytest.mark.parametrize("data", [png(), PDF, b"PK\x03\x04\0\0"], ids=["picture", "pdf", "zip"])
def test_what_is_no_text_has_no_view(data: bytes) -> None:
    assert File("notes.md", data).view is None


def test_a_csv_is_a_table_of_its_first_rows_and_columns() -> None:
    row = ",".join(["x"] * (MAX_COLUMNS + 5))
    shown = view("a.csv", f"{'y' * (MAX_FIELD + 9)},{row}\n" + f"{row}\n" * (MAX_ROWS + 50))

    assert shown.count("<tr>") == MAX_ROWS + 1
    assert shown.count("<th>") == MAX_COLUMNS
    assert shown.count("<td>") == MAX_ROWS * MAX_COLUMNS
    assert f"<th>{'y' * MAX_FIELD}…</th>" in shown
    assert "Cut here" in shown


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_short_table_is_whole(delimiter: str) -> None:
    shown = view("a.csv", f"\ufeffname{delimiter}price\nKoi{delimiter}<2\n")

    assert shown == (
        "<table><thead><tr><th>name</th><th>price</th></tr></thead>"
        "<tbody><tr><td>Koi</td><td>&lt;2</td></tr></tbody></table>"
    )


@pytest.mark.parametrize("ending", ["csv", "md", "txt"])
def test_a_long_text_is_cut_between_characters(ending: str) -> None:
    file = File(f"a.{ending}", "ä".encode() * MAX_TEXT_BYTES)

    assert file.kind is Kind.text
    assert "Cut here" in str(file.view)
    assert len(str(file.view)) < 2 * MAX_TEXT_BYTES
    assert "\N{REPLACEMENT CHARACTER}" not in str(file.view)


def test_control_characters_are_shown_as_such() -> None:
    assert view("a.txt", "a\x1b[31mb\x07c") == "<pre>ab\N{REPLACEMENT CHARACTER}c</pre>"


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("a.csv", ".csv"),
        ('a.csv"; filename="b.html', ".html"),
        ("a.c\r\nSet-Cookie: x", ""),
        ("a.csv\n", ""),
        ("a.cs\u202ev", ""),
        ("a." + "x" * 300, ""),
        ("../../etc/passwd", ""),
        ("", ""),
    ],
)
def test_of_a_name_only_a_plain_ending_is_sent(name: str, ending: str) -> None:
    assert File(name, b"").ending == ending


def test_a_picture_is_made_anew_and_loses_what_hides_behind_it() -> None:
    made = remake_picture(png() + SCRIPT.encode())

    assert made is not None
    assert b"script" not in made
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.size == (3, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + SCRIPT.encode(),
        png()[:40],
        b"\xff\xd8\xff" + bytes(50),
        SVG.encode(),
        PDF,
        b"GIF89a",
    ],
    ids=["empty", "head only", "half", "jpeg head", "svg", "pdf", "gif"],
)
def test_what_is_no_picture_is_none(data: bytes) -> None:
    assert remake_picture(data) is None
