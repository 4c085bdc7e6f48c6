"""The dialog for giving feedback on an answer and correcting it."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from assistant.tui import safe_content
from assistant.tui.app_state import AppState
from assistant.tui.feedback_workers import (
    Choice,
    FeedbackKept,
    FeedbackRefused,
    FeedbackRemoved,
    choices,
    keeping,
    said_of,
    taking_back,
)
from assistant.tui.turn_state import Turn
from assistant.types import Correction, Feedback, Verdict

QUIET = "$foreground-muted"
_VERDICTS = (("R", "right"), ("S", "right, but it stands elsewhere"), ("W", "wrong"))
_KEYS = (
    ("Enter", "save with these words, or none"),
    ("Tab", "the sentences of the passages; Enter on one: it is the right source"),
    ("Ctrl+N", "not in the documents"),
    ("Escape", "another verdict"),
)


class WordsInput(Input):
    """A line for the right answer. Control characters do not get in by paste."""

    def __init__(self) -> None:
        super().__init__(
            id="right-words",
            placeholder="What would be right, in the documents' words (may stay empty)",
            max_length=2_000,
        )
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        # As a binding, Enter would overtake letters that are typed but not yet inserted.
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            await self.action_submit()
            return
        await super()._on_key(event)

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        super()._on_paste(events.Paste(safe_content.plain(" ".join(event.text.split()))))


class FeedbackDialog(ModalScreen[None]):
    """Judges the answer of a turn, and puts the verdict into `turn.feedback`."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Close"),
        Binding("r", "judge('right')", "Right"),
        Binding("s", "judge('wrong-source')", "Stands elsewhere"),
        Binding("w", "judge('wrong')", "Wrong"),
        Binding("u", "undo", "Take back"),
        Binding("ctrl+n", "unanswerable", "Not in the documents"),
    ]

    def __init__(self, turn: Turn, app_state: AppState) -> None:
        super().__init__()
        self.turn = turn
        self._desk = app_state
        self._verdict: Verdict | None = None
        self._choices: list[Choice] = choices(turn.answer) if turn.answer else []
        self._busy = False
        self._refused = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide", id="feedback"):
            yield Static(safe_content.line("Is this answer right?"), classes="dialog-title")
            yield Static(safe_content.line(safe_content.shortened(self.turn.question, 300), "bold"))
            yield Static(_answer(self.turn), id="judged")
            yield Static(id="verdict", classes="hint")
            with Vertical(id="correction"):
                yield WordsInput()
                yield Static(id="refused")
                yield OptionList(
                    *(Option(_row(choice)) for choice in self._choices),
                    id="sentences",
                    markup=False,
                    compact=True,
                )
            yield Static(id="problem")

    def on_mount(self) -> None:
        self._choose(None)

    def _choose(self, verdict: Verdict | None) -> None:
        self._verdict = verdict
        self._refused = ""
        for name in ("#refused", "#problem"):
            self.query_one(name, Static).update(safe_content.block(""))
        self.query_one("#correction").display = verdict is not None
        keys = _VERDICTS if verdict is None else _KEYS
        rows = [_key(key, what) for key, what in keys]
        if verdict is None and self.turn.feedback is not None:
            said = said_of(self.turn.feedback)
            rows.insert(0, safe_content.line(f"You said: {said}.", "$text-accent"))
            rows.append(_key("U", "take it back"))
        self.query_one("#verdict", Static).update(safe_content.lines(rows))
        self.query_one(OptionList).display = verdict is not None and bool(self._choices)
        if verdict is None:
            self.set_focus(None)
        else:
            self.query_one(WordsInput).focus()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters judge only as long as none can be typed, and nothing while it is saved."""
        del parameters
        chosen = self._verdict is not None
        if action in ("judge", "undo"):
            return not chosen and not self._busy
        if action == "unanswerable":
            return self._verdict == "wrong" and not self._busy
        return not self._busy if action == "back" else True

    # What the person does ------------------------------------------------------------

    def action_judge(self, verdict: Verdict) -> None:
        if verdict == "right":
            self._save(verdict, None)
        else:
            self._choose(verdict)

    def action_back(self) -> None:
        if self._verdict is None:
            self.dismiss()
        else:
            self._choose(None)

    def action_undo(self) -> None:
        if self.turn.feedback is None:
            self.notify("Nothing was said of this answer yet.", markup=False)
            return
        self._busy = True
        self._desk.run_short(taking_back(self.turn.feedback.id), self)

    def action_unanswerable(self) -> None:
        self._save("wrong", Correction(unanswerable=True))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._refused = ""

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        words = event.value.strip()
        correction = Correction(words) if words else None
        # A second Enter on words that stand nowhere takes them as they are.
        accepted = bool(words) and words == self._refused
        self._save(self._verdict, correction, any_words=accepted)

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        choice = self._choices[event.option_index]
        words = self.query_one(WordsInput).value.strip()
        self._save(self._verdict, Correction(words, choice.places))

    def _save(
        self, verdict: Verdict | None, correction: Correction | None, *, any_words: bool = False
    ) -> None:
        if verdict is None or self._busy:
            return
        self._busy = True
        work = keeping(self.turn, verdict, correction, any_words=any_words)
        self._desk.run_short(work, self)

    # What came of it -----------------------------------------------------------------

    @on(FeedbackKept)
    def _kept(self, event: FeedbackKept) -> None:
        self._end(event.feedback, f"Kept: {said_of(event.feedback)}. F6 then U takes it back.")

    @on(FeedbackRemoved)
    def _removed(self) -> None:
        self._end(None, "Taken back: the library does not hold your verdict any more.")

    def _end(self, feedback: Feedback | None, said: str) -> None:
        self.turn.feedback = feedback
        self.app.notify(safe_content.plain_line(said), markup=False)
        self.dismiss()

    @on(FeedbackRefused)
    def _not_kept(self, event: FeedbackRefused) -> None:
        self._busy = False
        problem = event.problem
        words = self.query_one(WordsInput).value.strip() if self._verdict else ""
        self._refused = words
        rows = [safe_content.block(problem.message, "$text-error")]
        if problem.hint:
            rows.append(safe_content.block(problem.hint))
        if words:
            rows.append(safe_content.line("Enter again keeps your words as they are.", QUIET))
        where = "#refused" if self._verdict else "#problem"
        self.query_one(where, Static).update(safe_content.lines(rows))
        self.refresh_bindings()


def _answer(turn: Turn) -> Content:
    answer = turn.answer
    said = "" if answer is None else safe_content.shortened(answer.text, 400)
    return safe_content.block(said)


def _key(key: str, what: str) -> Content:
    return safe_content.join(safe_content.line(f"  {key:<8}", "bold"), safe_content.line(what))


def _row(choice: Choice) -> Content:
    place = choice.places[0]
    where = f"[{choice.number}] {safe_content.shortened_name(place.document, 24)}, {place.where}  "
    return safe_content.join(safe_content.line(where, QUIET), safe_content.line(choice.text))
