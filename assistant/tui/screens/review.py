"""The screen for reviewing drafted questions: one at a time, one key for each decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from assistant.evaluation.draft.review import Review
from assistant.evaluation.suite import DRAFT, DROPPED, KEPT, MENDED, Item
from assistant.tui import safe_content
from assistant.tui.app_state import AppState
from assistant.tui.error_view import ErrorView
from assistant.tui.messages import Post
from assistant.tui.review_workers import (
    PassageLoaded,
    ReviewOpened,
    Work,
    load_passage,
    mend_answer,
    open_review,
)
from assistant.tui.screens.dialogs import ErrorDialog
from assistant.tui.screens.main_screen import NARROW, scroll_past
from assistant.tui.screens.review_edit import EditDialog
from assistant.tui.widgets.lock_mark import MarkedHead
from assistant.tui.workers import attempt
from assistant.types import Workspace

MUTED = "$foreground-muted"
STATE_STYLES = {
    DRAFT: "$text-warning", KEPT: "$text-success", MENDED: "$text-success", DROPPED: MUTED,
}  # fmt: skip
STATE_WORDS = {DRAFT: "not reviewed", KEPT: "kept", MENDED: "mended", DROPPED: "dropped"}
_LEAD = 5


class ReviewScreen(ModalScreen[None]):
    """Shows one drafted question with its passage; each key is written to the file at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "keep", "Keep"),
        Binding("e", "mend_question", "Mend question"),
        Binding("a", "mend_answer", "Mend answer"),
        Binding("u", "unanswerable", "No answer"),
        Binding("d", "drop", "Drop"),
        Binding("z", "undo", "Undo"),
        Binding("right,n", "go(1)", "Next"),
        Binding("left,p", "go(-1)", "Before"),
        Binding("escape", "dismiss(None)", "Close"),
        Binding("f4", "app.lock", show=False),
    ]
    DEFAULT_CSS = """
    ReviewScreen { background: $background; align: left top; }
    ReviewScreen #review { height: 1fr; padding: 1 2 0 2; }
    ReviewScreen #review-head { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ReviewScreen #review-asked { height: auto; max-height: 50%; margin-top: 1; }
    ReviewScreen #review-place { height: 1; margin-top: 1; text-wrap: nowrap;
        text-overflow: ellipsis; }
    ReviewScreen #review-body { height: 1fr; border-top: solid $panel;
        scrollbar-size-vertical: 1; }
    """

    def __init__(self, app_state: AppState, path: Path) -> None:
        super().__init__()
        self._desk = app_state
        self._path = path
        self._review: Review | None = None
        self._serial = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="review"):
            yield MarkedHead("review-head", "Opening the questions ...")
            with VerticalScroll(id="review-asked", can_focus=False):
                yield Static(id="review-question")
            yield Static(id="review-place")
            with VerticalScroll(id="review-body"):
                yield Static(id="review-text")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#review-body").focus()
        path = self._path
        self._desk.run_short(lambda w, p: open_review(w, path, p), self)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(Footer).compact = event.size.width < NARROW

    @on(ReviewOpened)
    def _opened(self, event: ReviewOpened) -> None:
        self._review = event.review
        if event.review is None:
            self.dismiss(None)
            if event.problem is not None:
                self.app.push_screen(ErrorDialog(event.problem))
            return
        self._show()

    # Showing -------------------------------------------------------------------------

    def _show(self) -> None:
        review = self._review
        if review is None:
            return
        self._serial += 1
        item, serial = review.item, self._serial
        self.query_one("#review-head", Static).update(_head(review))
        self.query_one("#review-question", Static).update(_asked(item, review.note))
        self.query_one("#review-place", Static).update(_place(item))
        if self._desk.workspace is not None:
            self._desk.run_short(lambda w, p: load_passage(w, item, serial, p), self)

    @on(PassageLoaded)
    def _passage(self, event: PassageLoaded) -> None:
        if event.serial != self._serial:
            return  # the person has gone on meanwhile
        body = self.query_one("#review-text", Static)
        if not event.text:
            body.update(safe_content.block(event.missing, "$text-warning"))
            return
        parts: list[safe_content.Part] = [safe_content.highlighted(event.text, event.spans)]
        if event.cut[0]:
            parts.insert(0, ("...\n", MUTED))
        if event.cut[1]:
            parts.append(("\n...", MUTED))
        body.update(safe_content.join(*parts))
        if event.spans:
            before = safe_content.block(event.text[: min(start for start, _ in event.spans)])
            scroller = self.query_one("#review-body", VerticalScroll)
            self.call_after_refresh(scroll_past, scroller, body, before, _LEAD - 1)

    # Deciding ------------------------------------------------------------------------

    async def action_keep(self) -> None:
        await self._decide(lambda review: review.keep())

    async def action_drop(self) -> None:
        await self._decide(lambda review: review.drop())

    async def action_unanswerable(self) -> None:
        await self._decide(lambda review: review.mark_unanswerable())

    def action_mend_question(self) -> None:
        if self._review is None:
            return

        async def mended(question: str | None) -> None:
            if question is not None:
                await self._decide(lambda review: review.mend_question(question))

        foot = "Enter takes it, Escape leaves it as it was."
        self.app.push_screen(EditDialog("The question", self._review.item.question, foot), mended)

    def action_mend_answer(self) -> None:
        if self._review is None:
            return
        item = self._review.item

        async def mended(answer: str | None) -> None:
            if answer is not None:
                await self._answer(answer)

        value = item.answers[0] if item.answers else "".join(s.text for s in item.spans[:1])
        foot = (
            "Words that stand on the page move the mark to them; others are taken as one more "
            "way to say what is marked. Enter takes it, Escape leaves it as it was."
        )
        self.app.push_screen(EditDialog("The answer", value, foot), mended)

    async def _answer(self, answer: str) -> None:
        review = self._review
        if review is None:
            return
        placed: list[bool] = []
        problem = await self._run(lambda w: placed.append(mend_answer(w, review, answer)))
        if self._done(problem):
            moved = "It stands on the page: the mark was moved."
            said = moved if placed[0] else "It is not on the page: taken as a wording."
            self.notify(said, markup=False)

    async def _decide(self, change: Callable[[Review], object]) -> None:
        review = self._review
        if review is not None:
            self._done(await self._run(lambda _: change(review)))

    def _done(self, problem: ErrorView | None) -> bool:
        """Go on to the next that is left, or say what went wrong; whether it went well."""
        review = self._review
        if problem is not None:
            self.app.push_screen(ErrorDialog(problem))
            return False
        if review is None:
            return False
        if review.left:
            review.to_first_left()
        else:
            review.move(1)
            self.notify("All are reviewed. Escape closes.", markup=False)
        self._show()
        return True

    async def action_undo(self) -> None:
        review = self._review
        if review is None:
            return
        undone: list[bool] = []
        problem = await self._run(lambda _: undone.append(review.undo()))
        if problem is not None:
            self.app.push_screen(ErrorDialog(problem))
        elif not undone[0]:
            self.notify("There is nothing to undo.", markup=False)
        else:
            self._show()

    def action_go(self, step: int) -> None:
        if self._review is not None:
            self._review.move(step)
            self._show()

    async def _run(self, work: Work) -> ErrorView | None:
        """Do a piece of work in a thread and wait for it; keys meanwhile wait their turn."""
        if self._desk.workspace is None:
            return ErrorView(
                "Not written", "The library is not open any more.", "Open it again: F5"
            )
        done, loop = asyncio.Event(), asyncio.get_running_loop()
        outcome: list[ErrorView | None] = []

        def run(workspace: Workspace, post: Post) -> None:
            del post
            outcome.append(attempt(lambda: work(workspace)))
            loop.call_soon_threadsafe(done.set)

        self._desk.run_short(run, self)
        await done.wait()
        return outcome[0]


def _head(review: Review) -> Content:
    state = review.item.review
    states = review.states()
    decided = f"{states[KEPT]} kept, {states[MENDED]} mended, {states[DROPPED]} dropped"
    return safe_content.join(
        safe_content.line(f"Question {review.position + 1} of {len(review)}", "bold"),
        safe_content.line(f"   {STATE_WORDS.get(state, state)}", STATE_STYLES.get(state, "")),
        safe_content.line(f"   {review.left} left, {decided}", MUTED),
    )


def _asked(item: Item, note: str) -> Content:
    rows = [safe_content.line(item.question, "bold")]
    if item.answers:
        rows.append(safe_content.join(("Answer: ", MUTED), safe_content.line(item.answers[0])))
        rows += [
            safe_content.join(("     or ", MUTED), safe_content.line(one))
            for one in item.answers[1:]
        ]
    elif item.spans:
        rows.append(safe_content.line("Answer: what is marked below", MUTED))
    else:
        rows.append(safe_content.line("The library can't answer this.", "$text-warning"))
    if note:
        rows.append(safe_content.line(f"Made from: {note}", MUTED))
    return safe_content.lines(rows)


def _place(item: Item) -> Content:
    if not item.spans:
        return safe_content.line("")
    span = item.spans[0]
    page = f", page {span.page}" if span.page else ""
    return safe_content.line(f"{span.document}{page}", "$text-accent")
