"""The screen that shows a whole page of a document, as text or picture, at the quote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from assistant.tui import safe_content, workers
from assistant.tui.app_state import AppState
from assistant.tui.citation_numbers import Source
from assistant.tui.citation_styles import STYLES, Reference
from assistant.tui.messages import PageDrawn, PageLoaded, WorkFailed
from assistant.tui.page_frame import PageFrame
from assistant.tui.page_text import page_content, said_above
from assistant.tui.screens.dialogs import why_dialog
from assistant.tui.screens.main_screen import scroll_past
from assistant.tui.widgets.page_picture import PagePictureView
from assistant.types import Candidate, DocumentRecord, PageView

_DIM = "$foreground-muted"
_SHOWN = 160
_GAP = "   "
_NARROW = 60
"""Cells for the keys before the size of the screen is known."""

now = datetime.now


class PageScreen(ModalScreen[None]):
    """Shows pages of one document at a time; the quotes of `sources` are marked on them.

    The text stands as it is in the library; the picture is drawn from the file, if it still
    lies where it was added from.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Close"),
        Binding("left", "turn(-1)", "Page before"),
        Binding("right", "turn(1)", "Page after"),
        Binding("n", "quote(1)", "Next quote"),
        Binding("p", "quote(-1)", "Quote before"),
        Binding("v", "picture", "Picture or text"),
        Binding("plus,equals_sign", "nearer(1)", "Nearer"),
        Binding("minus", "nearer(-1)", "Farther"),
        Binding("up", "move(0, -1)", "Up"),
        Binding("down", "move(0, 1)", "Down"),
        Binding("h", "move(-1, 0)", "To the left"),
        Binding("l", "move(1, 0)", "To the right"),
        Binding("c", "copy('plain')", "Copy with its place"),
        Binding("o", "copy('legal')", "Copy as lawyers cite"),
        Binding("m", "copy('clinical')", "Copy as clinicians cite"),
        Binding("w", "why", "Why this passage"),
        Binding("e", "viewer", "Where the file is"),
        Binding("f1", "app.help", show=False),
        Binding("f4", "app.lock", show=False),
    ]

    def __init__(
        self,
        source: Source,
        app_state: AppState,
        sources: Sequence[Source] = (),
        weighed: tuple[Candidate, ...] = (),
    ) -> None:
        super().__init__()
        self._passages, self._weighed = len(sources), weighed
        self._desk = app_state
        self._stops = stops_of(sources) or stops_of([source])
        self._frame: PageFrame | None = None
        self._at = next((n for n, (one, _) in enumerate(self._stops) if one == source), -1)
        self._source, self._page = source, source.page

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog page"):
            yield Static(id="page-title", classes="dialog-title")
            with VerticalScroll(id="page-body"):
                yield Static(id="page-text")
            yield PagePictureView("page-picture")
            yield Static(id="page-keys", classes="dialog-foot")

    def on_mount(self) -> None:
        self.query_one("#page-picture").display = False
        self.query_one("#page-body").focus()
        self._load()

    # Where the person is -----------------------------------------------------------------

    @property
    def _record(self) -> DocumentRecord | None:
        known = (d for d in self._desk.documents if d.id == self._source.document_id)
        return next(known, None)

    @property
    def _pages(self) -> int:
        return self._record.pages if self._record else self._source.page

    @property
    def _quotes(self) -> tuple[str, ...]:
        """The words that are to be marked on the page."""
        source, page = self._source, self._page
        texts = dict.fromkeys(q.text for q in source.quotes if q.page == page)
        cited = tuple(t for t in texts if not any(t in o and t != o for o in texts))
        shown = source.text if any(known.number == page for known in source.pages) else ""
        return cited or ((shown,) if shown and not source.quotes else ())

    def action_turn(self, step: int) -> None:
        page = self._page + step
        if 1 <= page <= self._pages:
            self._page = page
            self._load()

    def action_quote(self, step: int) -> None:
        """Go to the next or the last quote of the answer, in whatever document it stands."""
        at = self._at + step
        if 0 <= at < len(self._stops):
            self._at = at
            self._source, self._page = self._stops[at]
            self._load()

    # Text ----------------------------------------------------------------------------------

    def _load(self) -> None:
        self._frame = None
        self._title(f"page {self._page}")
        self.query_one("#page-text", Static).update(safe_content.line("Loading ...", _DIM))
        self._say_keys()
        spans = self._source.page_spans(self._page)
        around = (min(s for s, _ in spans), max(e for _, e in spans)) if spans else (0, 0)
        document, page = self._source.document_id, self._page
        self._desk.run_short(
            lambda w, post: workers.load_page(w, document, page, around, post), self
        )
        if self._desk.shows_pictures:
            self._draw()

    def on_resize(self) -> None:
        self._say_keys()

    def _say_keys(self) -> None:
        keys = self.query_one("#page-keys", Static)
        pictured = self._desk.shows_pictures
        said = [
            ("Left, Right: page", 2),
            (f"N, P: quote {self._at + 1} of {len(self._stops)}" if self._at >= 0 else "", 5),
            (f"V: {'text' if pictured else 'picture'}", 6),
            ("+, -: size" if pictured else "", 4),
            ("W: why", 1),
            ("C: copy", 0),
            ("F1: keys", 7),
            ("Escape", 3),
        ]
        keys.update(safe_content.line(fitted(said, keys.size.width or _NARROW), _DIM))

    def _title(self, where: str) -> None:
        of = f" of {self._pages}" if where == f"page {self._page}" else ""
        title = f"{safe_content.plain_line(self._source.document)}, {where}{of}"
        self.query_one("#page-title", Static).update(safe_content.line(title))

    @on(PageLoaded)
    def _loaded(self, event: PageLoaded) -> None:
        if event.page.number != self._page:
            return  # the person has turned the page meanwhile
        self._title(event.page.where)
        spans = [
            (start - event.offset, end - event.offset)
            for start, end in self._source.page_spans(self._page)
        ]
        self.query_one("#page-text", Static).update(page_content(event, spans))
        if spans:
            before = event.text[: min(start for start, _ in spans)]
            body = self.query_one("#page-body", VerticalScroll)
            shown, above = self.query_one("#page-text", Static), body.size.height // 3
            passed = safe_content.join(said_above(event), before)
            self.call_after_refresh(scroll_past, body, shown, passed, above)
        else:
            self.query_one("#page-body", VerticalScroll).scroll_home(animate=False)

    @on(WorkFailed)
    def _not_loaded(self) -> None:
        self.query_one("#page-text", Static).update(
            safe_content.line("The page could not be loaded.", "$text-warning")
        )

    # Picture -------------------------------------------------------------------------------

    def action_picture(self) -> None:
        self._show_picture(shown=not self._desk.shows_pictures)

    def _show_picture(self, *, shown: bool) -> None:
        self._desk.shows_pictures = shown
        self._say_keys()
        if shown:
            self._draw()
        else:
            self.query_one("#page-picture").display = False
            self.query_one("#page-body").display = True
            self.query_one("#page-body").focus()

    def _draw(self) -> None:
        """Draw the frame; first the whole page, to know its shape and where the quotes are."""
        size = self.query_one("#page-body").size or self.query_one("#page-picture").size
        frame = self._frame or PageFrame(max(size.width, 1), max(size.height, 1))
        view = frame.view(self._quotes) if self._frame else PageView(600, quotes=self._quotes)
        document, page = self._source.document_id, self._page
        self._desk.run_short(lambda w, post: workers.draw_page(w, document, page, view, post), self)

    @on(PageDrawn)
    def _drawn(self, event: PageDrawn) -> None:
        if event.number != self._page or not self._desk.shows_pictures:
            return
        if event.picture is None:
            self._show_picture(shown=False)
            if event.problem is not None:
                told = f"{event.problem.message} {event.problem.hint}"
                self.notify(safe_content.plain_line(told), severity="warning", markup=False)
            return
        picture = self.query_one(PagePictureView)
        if self._frame is None:
            body = self.query_one("#page-body")
            size = body.size if body.display else picture.size
            self._frame = PageFrame(size.width, size.height).around(event.picture)
            self._draw()
            return
        self.query_one("#page-body").display = False
        picture.display = True
        picture.show(event.picture)

    def action_nearer(self, step: int) -> None:
        self._reframe(lambda frame: frame.nearer(step))

    def action_move(self, across: int, down: int) -> None:
        self._reframe(lambda frame: frame.moved(across, down))

    def _reframe(self, change: Callable[[PageFrame], PageFrame]) -> None:
        if self._desk.shows_pictures and self._frame is not None:
            self._frame = change(self._frame)
            self._draw()

    # Taking it along -----------------------------------------------------------------------

    def action_copy(self, style: str) -> None:
        """Copy the quote with a reference; the passage where nothing is quoted."""
        record, words = self._record, self._quotes
        if not words:
            self.notify("Nothing is quoted on this page.", markup=False)
            return
        title = (record.title if record else "") or self._source.document
        dated = record.dated if record else ""
        reference = Reference(" ".join(words), title, dated, f"page {self._page}")
        text = safe_content.plain_line(STYLES[style](reference, now().date()))
        self.app.copy_to_clipboard(text)
        shown = safe_content.shortened(f"Copied: {text}", _SHOWN)
        self.notify(safe_content.plain_line(shown), markup=False)

    def action_why(self) -> None:
        self.app.push_screen(why_dialog(self._source, self._passages, self._weighed))

    def action_viewer(self) -> None:
        """Say where the file is: this app can start no viewer, which is part of being offline."""
        record = self._record
        if record is None:
            return
        self.app.copy_to_clipboard(safe_content.plain_line(record.source))
        told = f"{record.source}, sheet {self._page}. This app can start no other program, which "
        told += "is part of its lock: open the file yourself. Its path is on the clipboard."
        self.notify(safe_content.plain_line(told), timeout=10, markup=False)


def fitted(said: Sequence[tuple[str, int]], width: int) -> str:
    """Join what is to be said on a line of `width` cells; what weighs least is left out first."""
    kept = [one for one in said if one[0]]
    while len(kept) > 1 and len(_GAP.join(text for text, _ in kept)) > width:
        kept.remove(min(kept, key=lambda one: one[1]))
    return _GAP.join(text for text, _ in kept)


def stops_of(sources: Sequence[Source]) -> list[tuple[Source, int]]:
    """Return each page on which something is quoted, in the order of the sources."""
    found = [(one, quote.page) for one in sources for quote in one.quotes]
    return list(dict.fromkeys(found))
