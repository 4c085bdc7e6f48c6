"""The screen that shows a whole page of a document, scrolled to the quote."""

from __future__ import annotations

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
from assistant.tui.messages import PageLoaded, WorkFailed
from assistant.tui.screens.main_screen import scroll_past


class PageScreen(ModalScreen[None]):
    """Loads pages of one document; quotes of `source` are highlighted where they stand."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,p", "dismiss(None)", "Close"),
        Binding("left", "turn(-1)", "Page before"),
        Binding("right", "turn(1)", "Page after"),
    ]

    def __init__(self, source: Source, app_state: AppState) -> None:
        super().__init__()
        self._source = source
        self._desk = app_state
        self._page = source.page
        known = [d for d in app_state.documents if d.id == source.document_id]
        self._pages = known[0].pages if known else source.page

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog page"):
            yield Static(id="page-title", classes="dialog-title")
            with VerticalScroll(id="page-body"):
                yield Static(id="page-text")
            yield Static(
                safe_content.line("Left, Right: other pages   Escape: close", "$foreground-muted"),
                classes="dialog-foot",
            )

    def on_mount(self) -> None:
        self.query_one("#page-body").focus()
        self._load()

    def action_turn(self, step: int) -> None:
        page = self._page + step
        if 1 <= page <= self._pages:
            self._page = page
            self._load()

    def _load(self) -> None:
        title = (
            f"{safe_content.plain_line(self._source.document)}, page {self._page} of {self._pages}"
        )
        self.query_one("#page-title", Static).update(safe_content.line(title))
        self.query_one("#page-text", Static).update(
            safe_content.line("Loading ...", "$foreground-muted")
        )
        spans = self._source.page_spans(self._page)
        around = (min(s for s, _ in spans), max(e for _, e in spans)) if spans else (0, 0)
        document, page = self._source.document_id, self._page
        self._desk.run_short(
            lambda w, post: workers.load_page(w, document, page, around, post), self
        )

    @on(PageLoaded)
    def _loaded(self, event: PageLoaded) -> None:
        if event.page != self._page:
            return  # the person has turned the page meanwhile
        spans = [
            (start - event.offset, end - event.offset)
            for start, end in self._source.page_spans(event.page)
        ]
        page = safe_content.highlighted(event.text, spans)
        if event.before:
            page = safe_content.join(
                (f"({event.before} characters before this)\n", "$foreground-muted"), page
            )
        if event.after:
            page = safe_content.join(
                page, (f"\n({event.after} characters after this)", "$foreground-muted")
            )
        if not event.text.strip():
            page = safe_content.line("This page has no text.", "$foreground-muted")
        self.query_one("#page-text", Static).update(page)
        if spans:
            before = safe_content.block(event.text[: min(start for start, _ in spans)])
            body = self.query_one("#page-body", VerticalScroll)
            shown, above = self.query_one("#page-text", Static), body.size.height // 3
            self.call_after_refresh(scroll_past, body, shown, before, above)
        else:
            self.query_one("#page-body", VerticalScroll).scroll_home(animate=False)

    @on(WorkFailed)
    def _not_loaded(self) -> None:
        self.query_one("#page-text", Static).update(
            safe_content.line("The page could not be loaded.", "$text-warning")
        )
