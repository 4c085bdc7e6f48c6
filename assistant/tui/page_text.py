"""A page's text with its quotes marked, and what is said above and below it."""

from __future__ import annotations

from textual.content import Content

from assistant.tui import safe_content
from assistant.tui.messages import PageLoaded
from assistant.types import SURE

_DIM = "$foreground-muted"


def page_content(event: PageLoaded, spans: list[tuple[int, int]]) -> Content:
    """Return the page with its quotes marked; what runs from page to page is dim."""
    text = safe_content.highlighted(event.text, spans)
    if not event.text.strip():
        text = safe_content.line("This page has no text.", _DIM)
    below = f"\n({event.after} characters after this)" if event.after else ""
    if not event.after and event.page.foot:
        below = f"\n{event.page.foot}"
    return safe_content.join(said_above(event), text, (below, _DIM))


def said_above(event: PageLoaded) -> Content:
    """Return what is shown before the text: a warning, what is left out, the running head."""
    said = ""
    if doubtful := sum(region.confidence < SURE for region in event.page.regions):
        said = (
            f"Read from a picture; {doubtful} lines are doubtful: compare them with the page.\n\n"
        )
    head = f"{event.page.head}\n\n" if event.page.head else ""
    if event.before:
        head = f"({event.before} characters before this)\n"
    return safe_content.join((said, "$text-warning"), (head, _DIM))
