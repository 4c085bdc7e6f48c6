"""Judging answers in the app: keys, corrections, what is refused, taking back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from assistant.errors import AuditError
from assistant.tui.app import AssistantApp
from assistant.tui.feedback_workers import choices
from assistant.tui.screens.feedback_dialog import FeedbackDialog
from assistant.types import Correction, Finished
from tests.app.helpers import ask, notices, running, said, text_of, type_text, wait_until
from tests.fakes.workspace import FakeWorkspace
from tests.fakes.workspace_scripts import (
    CONTRACT,
    Hold,
    abstained_script,
    answer,
    warranty_hits,
    warranty_script,
)

QUESTION = "How long is the warranty?"


async def answered(app: AssistantApp, pilot: Pilot[None], question: str = QUESTION) -> None:
    await ask(pilot, question)
    turns = app._chat.query_one("#conversation").turns  # type: ignore[attr-defined]
    await wait_until(pilot, lambda: turns and turns[-1].ended and not app.app_state.busy("answer"))


async def judging(app: AssistantApp, pilot: Pilot[None]) -> FeedbackDialog:
    await pilot.press("f6")
    await wait_until(pilot, lambda: isinstance(app.screen, FeedbackDialog), "the dialog")
    assert isinstance(app.screen, FeedbackDialog)
    return app.screen


async def closed(app: AssistantApp, pilot: Pilot[None]) -> None:
    await wait_until(pilot, lambda: app.screen is app._chat, "the dialog closes")


async def test_right_is_kept_shown_and_taken_back() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await answered(app, pilot)
        assert app.screen.active_bindings["f6"].binding.description == "Right?"
        dialog = await judging(app, pilot)
        assert QUESTION in text_of(dialog)
        await pilot.press("r")
        await closed(app, pilot)
        (kept,) = fake.judged
        assert (kept.verdict, kept.correction, kept.question) == ("right", None, QUESTION)
        assert [quote.text for quote in kept.quotes] == ["24 months from the date"]
        assert "You said: right." in said(app)
        assert notices(app) == ["Kept: right. F6 then U takes it back."]

        dialog = await judging(app, pilot)
        assert "You said: right." in text_of(dialog)
        await pilot.press("u")
        await closed(app, pilot)
        assert fake.judged == []
        assert "You said" not in said(app)
        assert "Taken back" in notices(app)[-1]


async def test_a_sentence_of_a_passage_is_chosen_as_the_right_source() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await answered(app, pilot)
        dialog = await judging(app, pilot)
        await pilot.press("s")
        listed = dialog.query_one("#sentences", OptionList)
        found = choices(dialog.turn.answer)  # type: ignore[arg-type]
        assert listed.option_count == len(found) > 4
        at = next(n for n, c in enumerate(found) if c.text.startswith("Claims must be"))
        await pilot.press("tab", *["down"] * at, "enter")
        await closed(app, pilot)
        (kept,) = fake.judged
        assert kept.verdict == "wrong-source"
        assert kept.correction is not None
        (place,) = kept.correction.places
        assert place.text == CONTRACT[1][place.start : place.end]
        assert place.text.startswith("Claims must be\nmade in writing")
        assert "You said: right, from another place, corrected." in said(app)


async def test_words_are_typed_and_found_in_the_passages() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await answered(app, pilot)
        await judging(app, pilot)
        await pilot.press("w")
        await type_text(pilot, "24 months")  # r, s, w and u are letters now
        await pilot.press("enter")
        await closed(app, pilot)
        correction = fake.judged[0].correction
        assert correction is not None
        assert [place.text for place in correction.places] == ["24 months"]


async def test_words_that_stand_nowhere_are_said_and_kept_on_a_second_enter() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await answered(app, pilot)
        dialog = await judging(app, pilot)
        await pilot.press("w")
        await type_text(pilot, "two years of warranty")
        await pilot.press("enter")
        await wait_until(pilot, lambda: "does not stand in" in text_of(dialog))
        assert "The nearest is" in text_of(dialog)
        assert fake.judged == []
        await pilot.press("s", "backspace", "enter")  # other words, and the same again: asked anew
        await wait_until(pilot, lambda: not dialog._busy)
        assert fake.judged == []
        await pilot.press("enter")
        await closed(app, pilot)
        assert fake.judged[0].correction == Correction("two years of warranty")


async def test_not_in_the_documents_and_no_correction_at_all() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await answered(app, pilot)
        await judging(app, pilot)
        await pilot.press("w", "enter")
        await closed(app, pilot)
        assert "You said: wrong, no correction yet." in said(app)
        await judging(app, pilot)
        await pilot.press("w", "ctrl+n")
        await closed(app, pilot)
        assert [entry.correction for entry in fake.judged] == [
            None,
            Correction(unanswerable=True),
        ]
        assert "You said: wrong: not in the documents." in said(app)


async def test_a_refusal_is_judged_and_escape_keeps_nothing() -> None:
    fake = FakeWorkspace()
    fake._answers = [abstained_script(fake)]
    async with running(fake) as (app, pilot):
        await answered(app, pilot, "Who painted it?")
        dialog = await judging(app, pilot)
        await pilot.press("w", "escape")
        await wait_until(pilot, lambda: dialog._verdict is None)
        await pilot.press("escape")
        await closed(app, pilot)
        assert fake.judged == []
        await judging(app, pilot)
        await pilot.press("r")
        await closed(app, pilot)
        assert fake.judged[0].abstained


async def test_nothing_to_judge_before_an_answer_or_while_one_is_written() -> None:
    fake = FakeWorkspace()
    fake._answers = [warranty_script(fake, lambda stage: [Hold(stage)])]
    async with running(fake) as (app, pilot):
        offered = [active.binding.description for active in app.screen.active_bindings.values()]
        assert "Right?" not in offered
        await pilot.press("f6")
        assert app.screen is app._chat
        await ask(pilot, "How long?")
        await wait_until(pilot, lambda: "Searching" in said(app))
        await pilot.press("f6")
        await pilot.pause()
        assert app.screen is app._chat


async def test_the_turn_whose_passages_are_shown_is_judged() -> None:
    fake = FakeWorkspace()
    async with running(fake) as (app, pilot):
        await answered(app, pilot, "first")
        await answered(app, pilot, "second")
        app._chat.action_show_source(0, 1)
        dialog = await judging(app, pilot)
        assert dialog.turn.question == "first"


@pytest.mark.parametrize("key", ["r", "u"])
async def test_a_log_that_refuses_is_said_and_the_dialog_stays(key: str) -> None:
    refusal = AuditError("The log can't be written.", hint="Make room.")
    fake = FakeWorkspace(judging=[refusal])
    async with running(fake) as (app, pilot):
        await answered(app, pilot)
        dialog = await judging(app, pilot)
        await pilot.press(key)
        if key == "u":  # nothing was said yet: nothing to take back
            await wait_until(pilot, lambda: notices(app))
        else:
            await wait_until(pilot, lambda: "can't be written" in text_of(dialog))
        assert app.screen is dialog
        assert "You said" not in said(app)


async def test_hostile_text_is_shown_without_control_characters() -> None:
    fake = FakeWorkspace()
    hits = warranty_hits(fake)
    evil = "24\x1b]52;c;aGk=\x07 months\u202e"
    passage = replace(hits[0].passage, text=f"{evil} long. Next one.", document="e\x1b[2Jvil.pdf")
    hit = replace(hits[0], passage=passage)
    fake._answers = [[Finished(answer("", evil, hits=[hit]))]]
    async with running(fake) as (app, pilot):
        await answered(app, pilot)
        dialog = await judging(app, pilot)
        await pilot.press("w")
        shown = text_of(dialog) + str(
            [option.prompt for option in dialog.query_one("#sentences", OptionList).options]
        )
        assert "months" in shown
        assert not any(sign in shown for sign in ("\x1b", "\x07", "\u202e"))
        dialog.query_one(Input)._on_paste(_paste("a\x1b[31m b\nc"))
        assert dialog.query_one(Input).value == "a[31m b c"


def _paste(words: str):  # type: ignore[no-untyped-def]
    from textual.events import Paste

    return Paste(words)
