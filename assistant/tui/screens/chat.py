"""The chat: conversation, question box and the panel of passages."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer

from assistant.tui import safe_content
from assistant.tui.app_state import ANSWER, AppState, LibraryState
from assistant.tui.conversation_keeper import (
    ConversationKeeper,
    ConversationLeft,
    leave_nothing,
    run_quietly,
)
from assistant.tui.messages import AnswerEnded, AnswerWaiting, Outbox
from assistant.tui.screens.conversations import ConversationsDialog
from assistant.tui.screens.dialogs import ErrorDialog
from assistant.tui.screens.feedback_dialog import FeedbackDialog
from assistant.tui.screens.main_screen import MainScreen
from assistant.tui.screens.page_view import PageScreen
from assistant.tui.strategy_choice import next_way, question_before, said_of_way
from assistant.tui.turn_state import Turn, kept_turn
from assistant.tui.widgets.conversation import Conversation
from assistant.tui.widgets.passages_panel import PassagesPanel
from assistant.tui.widgets.question_input import QuestionInput
from assistant.tui.widgets.title_bar import TitleBar
from assistant.types import AUTO, AnswerEvent
from assistant.types.conversations import Conversation as KeptConversation


class ChatScreen(MainScreen):
    """Owns the turns. At most one question runs; another one is refused with a notice."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("escape", "back", show=False),
        Binding("f2", "passages", "Passages"),
        Binding("f6", "judge", "Right?", priority=True),  # a text area takes F6 for its own
        Binding("f7", "next_reading", "Read", show=False, priority=True),
        Binding("ctrl+r", "ask_again", "Again", show=False, priority=True),
        Binding("ctrl+l", "new_conversation", "New", show=False),
        Binding("f9", "conversations", "Conversations", show=False, priority=True),
        Binding("ctrl+t", "leave_nothing", "Keep nothing", show=False, priority=True),
    ]

    def __init__(self, app_state: AppState) -> None:
        super().__init__(app_state)
        self._active: Turn | None = None
        self._next: str | None = None
        self._keeper = ConversationKeeper(keeps=app_state.keeps)

    def compose(self) -> ComposeResult:
        yield TitleBar()
        with Horizontal(id="chat"):
            with Vertical(id="talk"):
                yield Conversation()
                yield QuestionInput()
            yield PassagesPanel()
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(QuestionInput).focus()

    def state_changed(self, app_state: AppState) -> None:
        self.query_one(Conversation).welcome(app_state)

    # Asking --------------------------------------------------------------------------

    @on(QuestionInput.Sent)
    def _ask(self, event: QuestionInput.Sent) -> None:
        if self._may_ask():
            self.query_one(QuestionInput).sent()
            self._put(event.question)

    def _may_ask(self) -> bool:
        if self._active is not None and not self._active.ended:
            self._refuse("An answer is still being written. Press Escape to cancel it first.")
        elif self.app_state.workspace is None:
            self._refuse("The library is not open yet; your question is kept.")
        elif self.app_state.state is LibraryState.STOPPING:
            self._refuse("The program is stopping.")
        else:
            return True
        return False

    def _put(self, question: str) -> None:
        if self._active is None:
            self._start(question)
        else:  # its last event is here, its worker is about to end
            self._next = question

    def _last_question(self) -> str:
        turns = self.query_one(Conversation).turns
        if not turns:
            self.notify("No question has been asked yet.", markup=False)
        return turns[-1].question if turns else ""

    def action_ask_again(self) -> None:
        """Ask the last question again, as it was; what is in the box stays."""
        question = self._last_question()
        if question and self._may_ask():
            self._put(question)

    def action_edit(self) -> None:
        """Bring the last question back into the box, to be changed and asked again."""
        question, box = self._last_question(), self.query_one(QuestionInput)
        if question and box.text.strip():
            self.notify("There are words in the box: send or delete them first.", markup=False)
        elif question:
            box.bring_back(question)

    def _start(self, question: str) -> None:
        before = question_before(self.query_one(Conversation).turns)
        self._active = Turn(question)
        self.query_one(Conversation).add(self._active)
        self.query_one(PassagesPanel).show_turn(self._active)
        self.app_state.ask(question, self, before)

    def _refuse(self, why: str) -> None:
        self.notify(safe_content.plain(why), severity="warning", markup=False)

    @on(AnswerWaiting)
    def _events_wait(self, event: AnswerWaiting) -> None:
        self.draw_soon(lambda: self._drain(event.outbox))

    def _drain(self, outbox: Outbox[AnswerEvent]) -> None:
        turn, events = self._active, outbox.take()
        if turn is not None and events:
            for event in events:
                turn.apply(event)
            self.drawn = monotonic()
            self._show(turn)

    @on(AnswerEnded)
    def _ended(self, event: AnswerEnded) -> None:
        self._drain(event.outbox)
        turn, self._active = self._active, None
        if turn is None:
            return
        turn.end(event.problem, cancelled=event.cancelled)
        self._show(turn)
        if turn.problem is not None:
            self.app.push_screen(ErrorDialog(turn.problem))
        elif turn.answer is not None and self._keeper.keeps and self.app_state.workspace:
            keeper, answer = self._keeper, turn.answer
            self.app_state.run_short(
                lambda w, post: run_quietly(lambda: keeper.keep(w, answer), post)
            )
        question, self._next = self._next, None
        if question is not None and self.app_state.state is not LibraryState.STOPPING:
            self._start(question)

    def _show(self, turn: Turn) -> None:
        self.query_one(Conversation).refresh_turn(turn)
        panel = self.query_one(PassagesPanel)
        if panel.turn is turn:
            panel.show_turn(turn)

    def cancel_answer(self) -> bool:
        """Cancel the answer that runs; False if none does."""
        if self._active is None or self._active.ended or not self.app_state.cancel(ANSWER):
            return False
        self._active.stopping = True
        self._show(self._active)
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to cancel only while there is something to cancel, and so for judging."""
        del parameters
        if action == "judge":
            return self._judged() is not None
        return self.app_state.busy(ANSWER) if action == "cancel" else True

    def action_cancel(self) -> None:
        self.cancel_answer()

    def action_stop(self) -> None:
        if not self.cancel_answer():
            self.notify("No answer is being written.", markup=False)

    def action_ask(self) -> None:
        self.query_one(QuestionInput).focus()

    def action_back(self) -> None:
        """Leave the passages for the question box."""
        self.remove_class("-evidence")
        self.query_one(QuestionInput).focus()

    def action_new_conversation(self) -> None:
        if self._active is not None:
            self._refuse("An answer is still being written. Press Escape to cancel it first.")
            return
        self._begin(ConversationKeeper(keeps=self.app_state.keeps))

    def _begin(self, keeper: ConversationKeeper) -> None:
        self._keeper = keeper
        self.query_one(Conversation).clear()
        self.query_one(PassagesPanel).show_turn(None)
        self.query_one(QuestionInput).focus()

    def action_conversations(self) -> None:
        """Choose a conversation that the library keeps, and go on with it."""
        if self._active is not None:
            self._refuse("An answer is still being written. Press Escape to cancel it first.")
        elif self.app_state.workspace is not None:
            self.app.push_screen(ConversationsDialog(self.app_state), self._go_on)

    def _go_on(self, found: KeptConversation | None) -> None:
        if found is None or self._active is not None:
            return
        self._begin(ConversationKeeper(keeps=self.app_state.keeps, number=found.record.id))
        for kept in found.turns:
            turn = kept_turn(kept)
            self.query_one(Conversation).add(turn)
            self.query_one(PassagesPanel).show_turn(turn)

    def action_leave_nothing(self) -> None:
        """Delete what is kept of this conversation, and keep no more of it."""
        keeper = self._keeper
        if self.app_state.workspace is not None:
            self.app_state.run_short(lambda w, post: leave_nothing(w, keeper, post), self)

    @on(ConversationLeft)
    def _left(self) -> None:
        self.notify("Nothing of this conversation is kept; the next one is.", markup=False)

    def action_next_reading(self) -> None:
        """Let the next questions be read in another way."""
        self.app_state.reading = next_way(self.app_state.reading or AUTO)
        self.notify(safe_content.plain(said_of_way(self.app_state.reading)), markup=False)

    async def forget(self) -> None:
        """Let go of every text: Textual may keep a screen for a while after its removal."""
        self._active = self._next = None
        self.query_one(PassagesPanel).show_turn(None)
        self.query_one(QuestionInput).forget()
        await self.query_one(Conversation).forget()

    # Judging -------------------------------------------------------------------------

    def _judged(self) -> Turn | None:
        """The turn whose passages are shown, else the last one; None without an answer."""
        shown = [panel.turn for panel in self.query(PassagesPanel)]
        said = [turn for talk in self.query(Conversation) for turn in reversed(talk.turns)]
        for turn in (*shown, *said):
            answer = turn.answer if turn is not None and turn.ended else None
            if answer is not None and not answer.cancelled:
                return turn
        return None

    def action_judge(self) -> None:
        """Say whether the answer is right; the turn shows what was said."""
        turn = self._judged()
        if turn is None or self.app_state.workspace is None:
            return
        self.app.push_screen(FeedbackDialog(turn, self.app_state), lambda _: self._show(turn))

    # Passages ------------------------------------------------------------------------

    def action_passages(self) -> None:
        """Go to the passages, or back to the question box."""
        panel = self.query_one(PassagesPanel)
        if panel.has_focus_within:
            self.action_back()
        elif not panel.sources:
            self.notify("No passages yet: ask a question first.", markup=False)
        else:
            self.add_class("-evidence")
            panel.focus_list()

    def action_show_passages(self) -> None:
        """Go to the passages, if that is not where the person is."""
        if not self.query_one(PassagesPanel).has_focus_within:
            self.action_passages()

    def action_show_source(self, index: int, number: int) -> None:
        """Show passage `number` of turn `index` (-1: the one in the panel)."""
        panel = self.query_one(PassagesPanel)
        turns = self.query_one(Conversation).turns
        if 0 <= index < len(turns):
            panel.show_turn(turns[index], number)
        elif not panel.select(number):
            return
        self.add_class("-evidence")
        panel.focus_list()

    @on(PassagesPanel.PageWanted)
    def _show_page(self, event: PassagesPanel.PageWanted) -> None:
        if self.app_state.workspace is not None:
            panel = self.query_one(PassagesPanel)
            page = PageScreen(event.source, self.app_state, panel.sources, panel.weighed)
            self.app.push_screen(page)
