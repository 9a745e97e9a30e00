"""A student's Markdown as HTML that can't act.

Raw HTML in it is shown as text. What the parser made then passes an allow-list without any attribute: no link that can
be clicked, no address that a browser would load, no class and no style.
"""

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "ul", "ol", "li", "blockquote", "pre", "code",
    "strong", "em", "s", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_MAX_CHARACTERS = 200_000
_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["image", "link"])
# A submission has a place of its own in the page's outline: below the page's h1 and the part's h2.
_LOWER = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6"}


def to_html(text: str) -> Markup:
    """The text, rendered; cut where it is longer than any answer to read."""
    tokens = _parser.parse(text[:_MAX_CHARACTERS])
    for token in tokens:
        token.tag = _LOWER.get(token.tag, token.tag)
    html = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(nh3.clean(html, tags=_TAGS, attributes={}, link_rel=None))


def words(text: str) -> int:
    """How many words the answer has; marks of Markdown don't count."""
    return sum(any(character.isalnum() for character in word) for word in text.split())
