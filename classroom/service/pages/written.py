"""A student's Markdown as HTML that can't act.

Raw HTML in it is shown as text. What the parser made then passes an allow-list without any attribute: no link that can
be clicked, no address that a browser would load, no class and no style.
"""

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_TAGS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code",
    "strong", "em", "s", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_MAX_CHARACTERS = 200_000
_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["image", "link"])
_FIRST_HEADING, _LAST_HEADING = 3, 6  # an answer stands below the page's h1 and its own part's h2


def to_html(text: str) -> Markup:
    """The text, rendered; cut where it is longer than any answer to read."""
    tokens = _parser.parse(text[:_MAX_CHARACTERS])
    _place_headings(tokens)
    html = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(nh3.clean(html, tags=_TAGS, attributes={}, link_rel=None))


def _place_headings(tokens: list[Token]) -> None:
    """Levels without a gap, from h3 on, so that a screen reader's outline of the page stays whole."""
    given, placed = 0, _FIRST_HEADING - 1
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            step = 1 if level > given else level - given
            placed = min(max(placed + step, _FIRST_HEADING), _LAST_HEADING)
            given = level
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{placed}"


def words(text: str) -> int:
    """How many words the answer has; marks of Markdown don't count."""
    return sum(any(character.isalnum() for character in word) for word in text.split())
