"""The screen that shows a whole page of a document, scrolled to the quote."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from assistant.tui import safe_content, workers
from assistant.tui.app_state import AppState
from assistant.tui.citation_numbers import Source
from assistant.tui.messages import PageLoaded, WorkFailed
from assistant.tui.screens.main_screen import scroll_past
from assistant.types import SURE

_DIM = "$foreground-muted"


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
        self._title(f"page {self._page}")
        self.query_one("#page-text", Static).update(safe_content.line("Loading ...", _DIM))
        spans = self._source.page_spans(self._page)
        around = (min(s for s, _ in spans), max(e for _, e in spans)) if spans else (0, 0)
        document, page = self._source.document_id, self._page
        self._desk.run_short(
            lambda w, post: workers.load_page(w, document, page, around, post), self
        )

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
            passed = safe_content.join(_above(event), before)
            self.call_after_refresh(scroll_past, body, shown, passed, above)
        else:
            self.query_one("#page-body", VerticalScroll).scroll_home(animate=False)

    @on(WorkFailed)
    def _not_loaded(self) -> None:
        self.query_one("#page-text", Static).update(
            safe_content.line("The page could not be loaded.", "$text-warning")
        )


def page_content(event: PageLoaded, spans: list[tuple[int, int]]) -> Content:
    """Return the page with its quotes marked; what runs from page to page is dim."""
    text = safe_content.highlighted(event.text, spans)
    if not event.text.strip():
        text = safe_content.line("This page has no text.", _DIM)
    below = f"\n({event.after} characters after this)" if event.after else ""
    if not event.after and event.page.foot:
        below = f"\n{event.page.foot}"
    return safe_content.join(_above(event), text, (below, _DIM))


def _above(event: PageLoaded) -> Content:
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
