"""The base class of the two main screens, and scrolling to a quote for the others."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual import events
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from assistant.tui.app_state import AppState
from assistant.tui.widgets.title_bar import TitleBar

FRAME = 1 / 30
"""Least number of seconds between two redraws of streamed text."""

NARROW = 96
"""Columns below which the passages take turns with the conversation."""


def scroll_past(body: VerticalScroll, text: Static, before: Content, above: int) -> None:
    """Bring the line after `before` into view, with `above` lines of the text over it."""
    lines = len(before.wrap(max(text.content_size.width, 1)))
    body.scroll_to(y=max(lines - 1 - above, 0), animate=False)


class MainScreen(Screen[None]):
    """A screen that is told of every change of the app's state."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - Textual's type
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-tall")]  # noqa: RUF012

    def __init__(self, app_state: AppState) -> None:
        super().__init__()
        self.app_state = app_state
        self.drawn = 0.0
        """Time of the last redraw (seconds, monotonic)."""

    def on_mount(self) -> None:
        self.app_state.changed.subscribe(self, self._state_changed)
        self._state_changed(self.app_state)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(Footer).compact = event.size.width < NARROW

    def draw_soon(self, draw: Callable[[], None]) -> None:
        """Redraw now, or as soon as `FRAME` seconds have passed since the last redraw."""
        rest = self.drawn + FRAME - monotonic()
        if rest <= 0:
            draw()
        else:
            self.set_timer(rest, draw)

    def _state_changed(self, app_state: AppState) -> None:
        self.query_one(TitleBar).show(app_state)
        self.state_changed(app_state)
        self.refresh_bindings()

    def state_changed(self, app_state: AppState) -> None:
        """The library, its documents or what runs has changed."""
