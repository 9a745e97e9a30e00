"""What of a student's work may be shown: plain text, Markdown through an allow-list, pictures made anew."""

import base64
import binascii
import io
import re
import warnings
from typing import Any

import nh3
from markdown_it import MarkdownIt
from PIL import Image

MAX_PIXELS = 20_000_000
MAX_SIDE = 1600  # pixels; a larger picture is shrunk
_FORMATS = ("PNG", "JPEG")
_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("h1", "h2", "h3", "h4", "h5", "h6"),
}
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def clean_markdown(text: str) -> str:
    """HTML of a Markdown text. Raw HTML in it is shown as text; no pictures, and links to http, https, mailto only."""
    return nh3.clean(
        _markdown.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
    )


def clean_text(text: str) -> str:
    """Without terminal colours and control characters; HTML is the template's to escape."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def cut_text(text: str, limit_bytes: int) -> str:
    """At most so many bytes of UTF-8, with a note where the rest was."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit_bytes:
        return text
    return data[: max(limit_bytes, 0)].decode("utf-8", "ignore") + "\n[cut here]"


def clean_picture(encoded: Any) -> bytes | None:
    """The same of a picture in base64, as a notebook holds it."""
    if isinstance(encoded, list):
        encoded = "".join(str(line) for line in encoded)
    try:
        return remake_picture(base64.b64decode(encoded))
    except (ValueError, TypeError, binascii.Error):
        return None


def remake_picture(data: bytes) -> bytes | None:
    """A PNG made anew from the pixels of a PNG or JPEG file; None for anything else, and for a bomb."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of bombs that are not huge
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                return _encode(picture)
    except (OSError, ValueError, TypeError, SyntaxError, Image.DecompressionBombError, Warning):
        return None


def _encode(picture: Image.Image) -> bytes:
    mode = "RGBA" if picture.mode in {"RGBA", "LA", "PA", "P"} else "RGB"
    pixels = picture.convert(mode)
    pixels.thumbnail((MAX_SIDE, MAX_SIDE))
    # A new image: no text chunk, profile or comment of the old one comes along.
    fresh = Image.new(mode, pixels.size)
    fresh.paste(pixels)
    out = io.BytesIO()
    fresh.save(out, "PNG", optimize=True)
    return out.getvalue()
