"""Clean foreign text for the screen: the only module that makes what a widget shows.

Textual hands control sequences in a widget's text straight to the terminal, so everything
that a widget is given is built here, and everything here passes `safe_text`. No builder
reads markup. A test refuses other modules the constructors used here.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style as RichStyle
from rich.text import Text
from textual.content import Content
from textual.style import Style

from assistant.safe_text import safe_text

QUOTE_STYLE = "bold underline $text-accent"
"""How a quote stands out in its passage: by weight and underline, not by colour alone."""

Part = Content | str | tuple[str, str]


def plain(text: str) -> str:
    """Return safe text for the places that take only a string (inputs, notifications)."""
    return safe_text(text)


def plain_line(text: str) -> str:
    """The same on one line: newlines and tabs are shown as signs."""
    return safe_text(text, single_line=True)


def block(text: str, style: str = "") -> Content:
    """Make content of a text that may have several lines."""
    return Content.styled(safe_text(text), style)


def line(text: str, style: str = "") -> Content:
    """Make content of a name, title or other text that must stay on one line."""
    return Content.styled(safe_text(text, single_line=True), style)


def join(*parts: Part) -> Content:
    """Put parts together: content, strings and (string, style) pairs."""
    return Content.assemble(*(_part(part) for part in parts))


def lines(rows: Iterable[Content]) -> Content:
    """Put contents one below the other."""
    return Content("\n").join(rows)


def cell(text: str, style: str = "") -> Text:
    """Make a cell of a table or a label of a tree (these widgets take Rich text)."""
    return Text(safe_text(text, single_line=True), style=style, no_wrap=True, end="")


def painted(text: str, colour: str, background: str) -> Segment:
    """Make a stretch of a line that a widget draws itself; colours as "#rrggbb"."""
    return Segment(safe_text(text, single_line=True), RichStyle(color=colour, bgcolor=background))


def link(text: str, action: str, *arguments: int, style: str = "") -> Content:
    """Make text that runs `action(*arguments)` when it is clicked."""
    call = f"{action}({', '.join(str(int(number)) for number in arguments)})"
    content = Content.styled(safe_text(text, single_line=True), style)
    return content.stylize(Style.from_meta({"@click": call}))


def highlighted(text: str, spans: Iterable[tuple[int, int]], style: str = "") -> Content:
    """Make a block in which the spans (offsets in `text`, as it came) stand out."""
    parts: list[Content] = []
    at = 0
    for start, end in _merged(spans, len(text)):
        parts.append(block(text[at:start], style))
        parts.append(block(text[start:end], QUOTE_STYLE))
        at = end
    parts.append(block(text[at:], style))
    return Content.assemble(*parts)


def shortened(text: str, limit: int) -> str:
    """Return `text` with its white space folded, cut at a word to `limit` characters."""
    folded = " ".join(text.split())
    if len(folded) <= limit:
        return folded
    head = folded[: limit - 1]
    return head.rsplit(" ", 1)[0].rstrip(" ,;:") + "…" if " " in head else head + "…"


def shortened_name(name: str, limit: int) -> str:
    """Cut a file name in its middle, so that its ending stays readable."""
    name = plain_line(name)
    if len(name) <= limit:
        return name
    tail = limit // 3
    return name[: limit - tail - 1] + "…" + name[-tail:]


def _part(part: Part) -> Content:
    if isinstance(part, Content):
        return part
    if isinstance(part, tuple):
        return block(*part)
    return block(part)


def _merged(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(s, 0), min(e, length)) for s, e in spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
